#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <random>
#include <thread>

#include "tests/unit/projections/key_index_fixture.h"

namespace keyfold::projections::testing {
namespace {

constexpr std::size_t kKeys = 300;
constexpr std::size_t kReaders = 3;
constexpr int kChanges = 12'000;

std::string key_id(std::size_t i) { return "key_" + std::to_string(i); }
std::string text(std::uint64_t version) { return "v" + std::to_string(version); }

/// Key `i` in its n-th version: every member is made from the version, so that a mixture of two shows.
rows::KeyRow versioned(std::size_t i, std::uint64_t version) {
  rows::KeyRow row = make_key(key_id(i));
  row.set_name(text(version));
  row.set_meta_json(text(version) + std::string(version % 90, 'm'));
  row.set_expires_at_ms(static_cast<std::int64_t>(version));
  row.set_credits_remaining(static_cast<std::int64_t>(version * 1'000));
  row.set_enabled(version % 2 == 0);
  row.set_identity_id("id_" + std::to_string(version % 5));
  if (version % 3 == 0)
    *row.add_ratelimits() = make_limit(text(version), "limit", static_cast<std::int64_t>(version % 4));
  row.add_permission_ids("perm_" + text(version % 7));
  row.add_role_ids("role_1");
  return row;
}
constexpr bool is_deleted(std::uint64_t version) { return version % 5 == 0; }

/// What the writer has announced of a key: twice the version, plus one while it is being changed.
using Announced = std::array<std::atomic<std::uint64_t>, kKeys>;

class Reader {
 public:
  Reader(const KeyIndex& index, const Announced& announced, unsigned seed)
      : index_(&index), announced_(&announced), random_(seed) {}

  void read_one(const std::atomic<bool>& api_is_gone) {
    const std::size_t i = random_() % kKeys;
    const std::uint64_t before = (*announced_)[i].load();
    const auto seen = see(*index_, sha256(key_id(i)));
    const std::uint64_t after = (*announced_)[i].load();
    if (seen) expect_whole(*seen, i);
    if (before == after && before % 2 == 0) {
      EXPECT_EQ(seen.has_value(), !is_deleted(before / 2));
      if (seen) {
        EXPECT_EQ(seen->name, text(before / 2));
      }
      ++settled_;
    }
    const bool gone = api_is_gone.load();
    const auto doomed = see(*index_, sha256("doomed_" + std::to_string(i)));
    if (gone) {
      EXPECT_FALSE(doomed);
    }
  }
  [[nodiscard]] std::uint64_t settled() const { return settled_; }

 private:
  static void expect_whole(const SeenKey& seen, std::size_t i) {
    const auto version = static_cast<std::uint64_t>(*seen.expires_at_ms);
    EXPECT_EQ(seen.key_id, key_id(i));
    EXPECT_FALSE(is_deleted(version));
    EXPECT_EQ(seen.name, text(version));
    EXPECT_EQ(seen.meta_json, text(version) + std::string(version % 90, 'm'));
    EXPECT_EQ(seen.enabled, version % 2 == 0);
    EXPECT_EQ(static_cast<std::uint64_t>(*seen.credits_remaining) / 1'000, version);
    EXPECT_EQ(seen.identity_id, "id_" + std::to_string(version % 5));
    EXPECT_EQ(seen.external_id, seen.identity_meta_json);
    ASSERT_EQ(seen.identity_ratelimits.size(), 1u);
    EXPECT_TRUE(seen.identity_ratelimits[0].starts_with(seen.external_id + " "));
    ASSERT_EQ(seen.ratelimits.size(), version % 3 == 0 ? 1u : 0u);
    if (!seen.ratelimits.empty()) {
      EXPECT_EQ(seen.ratelimits[0],
                text_of(text(version), "limit", static_cast<std::int64_t>(version % 4), 1'000, true));
    }
    // The role gives two permissions that are only ever changed together; the key has one more.
    ASSERT_EQ(seen.permissions.size(), 3u);
    EXPECT_EQ(seen.permissions[0].substr(2), seen.permissions[1].substr(2));
    EXPECT_EQ(seen.permissions[2], "z." + text(version % 7));
    EXPECT_EQ(seen.roles, std::vector<std::string>{"role " + seen.permissions[0].substr(2)});
  }

  const KeyIndex* index_;
  const Announced* announced_;
  std::mt19937_64 random_;
  std::uint64_t settled_ = 0;
};

class Writer {
 public:
  Writer(KeyIndex& index, Announced& announced) : index_(&index), announced_(&announced) {
    for (const char* api : {"api_1", "api_2"}) rows_.put_api(api);
    for (std::uint64_t v = 0; v < 7; ++v) rows_.put_permission("perm_" + text(v), "z." + text(v));
    for (int v = 0; v < 4; ++v) {
      rows_.put_permission("a" + std::to_string(v), "a." + std::to_string(v));
      rows_.put_permission("b" + std::to_string(v), "b." + std::to_string(v));
    }
    for (int identity = 0; identity < 5; ++identity) put_identity(identity, 0);
    put_role(0);
    for (std::size_t i = 0; i < kKeys; ++i) {
      rows::KeyRow doomed = make_key("doomed_" + std::to_string(i));
      doomed.set_api_id("api_2");
      rows_.put_key(doomed);
    }
    rows_.apply_to(*index_);
  }

  void change_one(int step) {
    const std::size_t i = random_() % kKeys;
    switch (random_() % 8) {
      case 0:
        put_role(step % 4);
        return rows_.apply_to(*index_);
      case 1:
        put_identity(step % 5, step);
        return rows_.apply_to(*index_);
      case 2:
      case 3:
        return spend(i);
      default:
        return next_version(i);
    }
  }

  void delete_api() {
    rows_.put_api("api_2", 1);
    rows_.apply_to(*index_);
  }

 private:
  void put_role(int v) {
    const std::string number = std::to_string(v);
    rows_.put_role("role_1", "role " + number, {"a" + number, "b" + number});
  }
  void put_identity(int identity, int v) {
    const std::string version = text(static_cast<std::uint64_t>(v));
    rows_.put_identity("id_" + std::to_string(identity), version, version, {make_limit(version, "tokens", v % 6)});
  }
  void spend(std::size_t i) {
    auto row = rows_.find<rows::KeyRow>(Table::kKeys, "k/" + key_id(i));
    if (!row || row->deleted_at_ms() != 0 || row->credits_remaining() % 1'000 == 999) return;
    row->set_credits_remaining(row->credits_remaining() + 1);
    rows_.put_key(*row);
    rows_.apply_to(*index_);
  }
  void next_version(std::size_t i) {
    const std::uint64_t version = (*announced_)[i].load() / 2 + 1;
    (*announced_)[i].store(version * 2 - 1);
    rows::KeyRow row = versioned(i, version);
    if (!is_deleted(version)) {
      rows_.put_key(row);
    } else if (version % 2 == 0) {
      rows_.erase_key(row);
    } else {
      row.set_deleted_at_ms(1);
      rows_.put_key(row);
    }
    rows_.apply_to(*index_);
    (*announced_)[i].store(version * 2);
  }

  KeyIndex* index_;
  Announced* announced_;
  MapRows rows_;
  std::mt19937_64 random_{1};
};

TEST(KeyIndexStress, ReadersSeeEachKeyAsItWasOrAsItIsAndNeverAfterItsDeletion) {
  KeyIndex index;
  Announced announced{};
  Writer writer(index, announced);
  std::atomic<bool> done{false};
  std::atomic<bool> api_is_gone{false};
  std::atomic<std::uint64_t> settled{0};
  std::vector<std::thread> readers;
  for (unsigned seed = 0; seed < kReaders; ++seed) {
    readers.emplace_back([&, seed] {
      Reader reader(index, announced, seed);
      do {
        reader.read_one(api_is_gone);
      } while (!done.load() && !::testing::Test::HasFailure());
      settled += reader.settled();
    });
  }
  for (int step = 0; step < kChanges && !::testing::Test::HasFailure(); ++step) {
    if (step == kChanges / 2) {
      writer.delete_api();
      api_is_gone.store(true);
    }
    writer.change_one(step);
  }
  done.store(true);
  for (std::thread& reader : readers) reader.join();
  EXPECT_GT(settled.load(), 0u);
}

TEST(KeyIndexStress, ReadersFindEveryKeyWhileOthersComeAndGoAndRecordsAreMoved) {
  constexpr int kAll = 6'000;
  const auto stays = [](int i) { return i % 100 == 0; };
  const auto make = [](int i) {
    rows::KeyRow row = make_key(key_id(static_cast<std::size_t>(i)));
    row.set_name(std::string(static_cast<std::size_t>(i % 200), 'n'));
    return row;
  };
  KeyIndex index;
  MapRows rows;
  rows.put_api("api_1");
  for (int i = 0; i < kAll; ++i) rows.put_key(make(i));
  rows.apply_to(index);
  const auto full = index.stats().bytes;

  std::atomic<bool> done{false};
  std::vector<std::thread> readers;
  for (std::size_t reader = 0; reader < kReaders; ++reader) {
    readers.emplace_back([&] {
      do {
        for (int i = 0; i < kAll; ++i) {
          if (!stays(i)) continue;
          const auto seen = see(index, sha256(key_id(static_cast<std::size_t>(i))));
          ASSERT_TRUE(seen);
          ASSERT_EQ(seen->name, make(i).name());
        }
      } while (!done.load());
    });
  }
  for (int round = 0; round < 3; ++round) {
    for (const bool add : {false, true}) {
      for (int i = 0; i < kAll; ++i) {
        if (stays(i)) continue;
        add ? rows.put_key(make(i)) : rows.erase_key(make(i));
        if (i % 8 == 0) rows.apply_to(index);
      }
      rows.apply_to(index);
    }
  }
  done.store(true);
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(index.stats().keys, static_cast<std::uint64_t>(kAll));
  rows.apply_to(index);
  EXPECT_LT(index.stats().bytes, full + 1'000'000);
}

}  // namespace
}  // namespace keyfold::projections::testing
