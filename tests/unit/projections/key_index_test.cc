#include "projections/key_index.h"

#include <gtest/gtest.h>

#include "tests/unit/projections/key_index_fixture.h"

namespace keyfold::projections::testing {
namespace {

class KeyIndexTest : public ::testing::Test {
 protected:
  KeyIndexTest() { rows_.put_api("api_1"); }

  void apply() { rows_.apply_to(index_); }
  [[nodiscard]] std::optional<SeenKey> see(const std::string& key_id) const {
    return testing::see(index_, sha256(key_id));
  }
  /// Enough other writing to use any freed memory again.
  void churn() {
    for (int i = 0; i < 2'000; ++i) {
      rows::KeyRow row = make_key("churn_" + std::to_string(i % 50));
      row.set_name(std::string(static_cast<std::size_t>(i % 300), 'x'));
      row.set_identity_id("churn_identity_" + std::to_string(i % 20));
      row.add_permission_ids("churn_permission_" + std::to_string(i % 20));
      rows_.put_key(row);
      if (i % 10 == 0) apply();
    }
    apply();
  }

  MapRows rows_;
  KeyIndex index_;
};

TEST_F(KeyIndexTest, AnEmptyIndexFindsNothing) {
  EXPECT_FALSE(see("key_1"));
  EXPECT_EQ(index_.stats().keys, 0u);
}

TEST_F(KeyIndexTest, AKeyIsSeenWithAllThatVerificationNeeds) {
  rows_.put_permission("perm_1", "docs.write");
  rows_.put_permission("perm_2", "docs.read");
  rows_.put_role("role_1", "reader", {"perm_2"});
  rows_.put_identity("id_1", "user 7", R"({"plan":"pro"})");
  rows::KeyRow row = make_key("key_1");
  row.set_name("billing");
  row.set_meta_json(R"({"a":1})");
  row.set_expires_at_ms(-5);
  row.set_credits_remaining(9);
  row.add_permission_ids("perm_1");
  row.add_role_ids("role_1");
  row.set_identity_id("id_1");
  rows_.put_key(row);
  apply();
  const SeenKey all{"key_1",    "api_1",
                    "ks_1",     "ws_1",
                    "billing",  R"({"a":1})",
                    true,       -5,
                    9,          {"docs.read", "docs.write"},
                    {"reader"}, "id_1",
                    "user 7",   R"({"plan":"pro"})",
                    {},         {},
                    {}};
  EXPECT_EQ(see("key_1"), all);
  EXPECT_EQ(index_.stats().keys, 1u);
}

TEST_F(KeyIndexTest, AHashThatDiffersInItsLastByteAloneIsAnotherKey) {
  Digest hash = sha256("key_1");
  rows::KeyRow first = make_key("key_1");
  rows_.put_key(first);
  apply();
  hash.back() ^= 1;
  EXPECT_FALSE(testing::see(index_, hash));
  rows::KeyRow second = make_key("key_2");
  second.set_hash(bytes_of(hash));
  rows_.put_key(second);
  apply();
  EXPECT_EQ(testing::see(index_, hash)->key_id, "key_2");
  EXPECT_EQ(see("key_1")->key_id, "key_1");
}

TEST_F(KeyIndexTest, ASpentCreditIsSeenAndCostsNoMemory) {
  rows::KeyRow row = make_key("key_1");
  row.set_credits_remaining(1'000'000);
  rows_.put_key(row);
  apply();
  const auto before = index_.stats().bytes;
  for (std::int64_t left = 100'000; left >= 0; left -= 100) {
    row.set_credits_remaining(left);
    rows_.put_key(row);
    apply();
    ASSERT_EQ(see("key_1")->credits_remaining, left);
  }
  EXPECT_EQ(index_.stats().bytes, before);
  row.clear_credits_remaining();
  rows_.put_key(row);
  apply();
  EXPECT_FALSE(see("key_1")->credits_remaining);
}

TEST_F(KeyIndexTest, ASoftlyDeletedKeyIsNotFound) {
  rows::KeyRow row = make_key("key_1");
  rows_.put_key(row);
  apply();
  row.set_deleted_at_ms(1);
  rows_.put_key(row);
  apply();
  EXPECT_FALSE(see("key_1"));
  EXPECT_EQ(index_.stats().keys, 0u);
}

TEST_F(KeyIndexTest, AKeyThatIsDeletedForGoodIsNotFound) {
  rows_.put_key(make_key("key_1"));
  apply();
  rows_.erase_key(make_key("key_1"));
  apply();
  EXPECT_FALSE(see("key_1"));
}

TEST_F(KeyIndexTest, ADeletedKeyOfTheSameHashDoesNotHideALiveOne) {
  rows_.put_key(make_key("key_1"));
  rows::KeyRow deleted = make_key("key_0");
  deleted.set_hash(make_key("key_1").hash());
  deleted.set_deleted_at_ms(1);
  rows_.put(Table::kKeys, "k/key_0", deleted.SerializeAsString());
  apply();
  EXPECT_EQ(see("key_1")->key_id, "key_1");
}

TEST_F(KeyIndexTest, NoKeyOfADeletedApiIsFoundAndTheirMemoryComesBack) {
  rows_.put_api("api_2");
  rows_.put_key(make_key("key_of_api_1"));
  apply();
  const auto before = index_.stats().bytes;
  for (int i = 0; i < 20'000; ++i) {
    rows::KeyRow row = make_key("key_" + std::to_string(i));
    row.set_api_id("api_2");
    row.set_name(std::string(100, 'n'));
    rows_.put_key(row);
  }
  apply();
  ASSERT_EQ(index_.stats().keys, 20'001u);
  rows_.put_api("api_2", 1);
  apply();
  EXPECT_EQ(index_.stats().keys, 1u);
  for (int i = 0; i < 20'000; ++i) ASSERT_FALSE(see("key_" + std::to_string(i)));
  EXPECT_TRUE(see("key_of_api_1"));
  for (int i = 0; i < 100; ++i) apply();
  EXPECT_EQ(index_.stats().keys, 1u);
  // One chunk may stay open.
  EXPECT_LT(index_.stats().bytes, before + 600'000);
}

TEST_F(KeyIndexTest, AKeyOfAnUnknownApiIsNotFound) {
  rows::KeyRow row = make_key("key_1");
  row.set_api_id("api_x");
  rows_.put_key(row);
  apply();
  EXPECT_FALSE(see("key_1"));
}

TEST_F(KeyIndexTest, AChangedRoleOrPermissionChangesEveryKeyThatHasIt) {
  rows_.put_permission("perm_1", "a");
  rows_.put_permission("perm_2", "b");
  rows_.put_role("role_1", "writer", {"perm_1"});
  for (const char* id : {"key_1", "key_2"}) {
    rows::KeyRow row = make_key(id);
    row.add_role_ids("role_1");
    if (row.key_id() == "key_2") row.add_permission_ids("perm_2");
    rows_.put_key(row);
  }
  apply();
  EXPECT_EQ(see("key_1")->permissions, std::vector<std::string>{"a"});
  rows_.put_role("role_1", "author", {"perm_1", "perm_2"});
  rows_.put_permission("perm_2", "c");
  apply();
  for (const char* id : {"key_1", "key_2"}) {
    EXPECT_EQ(see(id)->permissions, (std::vector<std::string>{"a", "c"}));
    EXPECT_EQ(see(id)->roles, std::vector<std::string>{"author"});
  }
  rows_.erase(Table::kRoles, "r/role_1");
  rows_.erase(Table::kPermissions, "p/perm_1");
  apply();
  EXPECT_TRUE(see("key_1")->permissions.empty());
  EXPECT_TRUE(see("key_1")->roles.empty());
  EXPECT_EQ(see("key_2")->permissions, std::vector<std::string>{"c"});
}

TEST_F(KeyIndexTest, AChangedIdentityChangesEveryKeyThatHasIt) {
  rows_.put_identity("id_1", "user", "{}");
  rows::KeyRow row = make_key("key_1");
  row.set_identity_id("id_1");
  rows_.put_key(row);
  apply();
  rows_.put_identity("id_1", "user", R"({"b":2})");
  apply();
  EXPECT_EQ(see("key_1")->identity_meta_json, R"({"b":2})");
  rows_.erase(Table::kIdentities, "i/id_1");
  apply();
  EXPECT_EQ(see("key_1")->identity_id, "");
  rows_.put_identity("id_1", "user again", "{}");
  apply();
  EXPECT_EQ(see("key_1")->external_id, "user again");
}

TEST_F(KeyIndexTest, AViewStaysGoodWhileItsKeyAndAllItSharesAreReplacedAndRemoved) {
  rows_.put_permission("perm_1", "a permission slug longer than any short string");
  rows_.put_role("role_1", "a role name longer than any short string", {"perm_1"});
  rows_.put_identity("id_1", "an external id longer than any short string", "{}",
                     {make_limit("rl_1", "a limit's name that is longer than any short string", 5)});
  rows_.put_api("api_1", 0, {"2001:db8:0:1:2:3:4:5"});
  rows::KeyRow row = make_key("key_1");
  *row.add_ratelimits() = make_limit("rl_2", "another name that is longer than any short string", 6);
  row.set_name("a name");
  row.add_role_ids("role_1");
  row.set_identity_id("id_1");
  rows_.put_key(row);
  apply();
  const SeenKey before = *see("key_1");
  ASSERT_TRUE(index_.visit(sha256("key_1"), [&](const KeyView& view) {
    rows_.put_identity("id_1", "x", "{}");
    rows_.put_api("api_1");
    row.clear_ratelimits();
    rows_.put_role("role_1", "y", {});
    rows_.put_permission("perm_1", "z");
    row.set_name("another name");
    rows_.put_key(row);
    apply();
    churn();
    rows_.erase_key(row);
    apply();
    churn();
    EXPECT_EQ(copy_of(view), before);
  }));
  EXPECT_FALSE(see("key_1"));
}

TEST_F(KeyIndexTest, AKeyMayBeLookedUpInsideALookUp) {
  rows_.put_key(make_key("key_1"));
  rows_.put_key(make_key("key_2"));
  apply();
  int visits = 0;
  index_.visit(sha256("key_1"), [&](const KeyView& outer) {
    visits += index_.visit(sha256("key_2"), [](const KeyView&) {}) ? 1 : 0;
    churn();
    EXPECT_EQ(outer.key_id, "key_1");
  });
  EXPECT_EQ(visits, 1);
}

TEST_F(KeyIndexTest, TextsOfAnySizeAreKept) {
  for (const std::size_t size : {0u, 1u, 127u, 128u, 16'384u, 40'000u, 300'000u, 3'000'000u}) {
    rows::KeyRow row = make_key("key_" + std::to_string(size));
    row.set_meta_json(std::string(size, 'm'));
    row.set_name(std::string(size / 2, 'n'));
    rows_.put_key(row);
    apply();
  }
  for (const std::size_t size : {0u, 1u, 127u, 128u, 16'384u, 40'000u, 300'000u, 3'000'000u}) {
    const auto seen = see("key_" + std::to_string(size));
    ASSERT_TRUE(seen);
    EXPECT_EQ(seen->meta_json, std::string(size, 'm'));
    EXPECT_EQ(seen->name, std::string(size / 2, 'n'));
  }
}

TEST_F(KeyIndexTest, ChangesOfEverySizeLeaveNoGarbageBehind) {
  const auto write_all = [&](std::size_t round) {
    for (std::size_t i = 0; i < 5'000; ++i) {
      rows::KeyRow row = make_key("key_" + std::to_string(i));
      row.set_name(std::string((i * 7 + round * 13) % 400, 'x'));
      row.set_identity_id("id_" + std::to_string((i + round) % 700));
      row.add_permission_ids("perm_" + std::to_string((i * round) % 900));
      rows_.put_key(row);
      if (i % 16 == 0) apply();
    }
    apply();
  };
  write_all(1);
  const auto after_one = index_.stats().bytes;
  for (std::size_t round = 2; round < 12; ++round) write_all(round);
  EXPECT_LT(index_.stats().bytes, after_one * 3 / 2 + 800'000);
  for (int i = 0; i < 5'000; ++i) ASSERT_TRUE(see("key_" + std::to_string(i)));
}

TEST_F(KeyIndexTest, TheSpaceBetweenFewSurvivorsComesBack) {
  const auto empty = index_.stats().bytes;
  constexpr int kAll = 20'000;
  const auto survives = [](int i) { return i % 50 == 0; };
  for (int i = 0; i < kAll; ++i) {
    rows::KeyRow row = make_key("key_" + std::to_string(i));
    row.set_name(std::string(200, 'n'));
    rows_.put_key(row);
  }
  apply();
  for (int i = 0; i < kAll; ++i) {
    if (!survives(i)) rows_.erase_key(make_key("key_" + std::to_string(i)));
  }
  apply();
  // 100 kB of survivors, garbage that is not worth the work, and a chunk that is open.
  EXPECT_LT(index_.stats().bytes, empty + 1'200'000);
  for (int i = 0; i < kAll; ++i) ASSERT_EQ(see("key_" + std::to_string(i)).has_value(), survives(i));
}

TEST_F(KeyIndexTest, KeysThatComeAndGoLeaveNothingBehind) {
  const auto empty = index_.stats().bytes;
  for (int i = 0; i < 20'000; ++i) {
    rows::KeyRow row = make_key("key_1");
    row.set_name(std::string(200, 'n'));
    rows_.put_key(row);
    apply();
    rows_.erase_key(row);
    apply();
  }
  EXPECT_LT(index_.stats().bytes, empty + 1'000'000);
}

TEST_F(KeyIndexTest, ARoleThatChangesOftenLeavesNothingBehind) {
  rows::KeyRow row = make_key("key_1");
  row.add_role_ids("role_1");
  rows_.put_key(row);
  apply();
  const auto before = index_.stats().bytes;
  for (int i = 0; i < 1'000; ++i) {
    rows_.put_role("role_1", "role", {"perm_" + std::to_string(i)});
    apply();
  }
  EXPECT_LT(index_.stats().bytes, before + 1'000);
}

TEST_F(KeyIndexTest, TheRowOfADeletedApiIsReadOnceForAllItsKeysOfABatch) {
  class CountingRows final : public RowReader {
   public:
    [[nodiscard]] std::optional<std::string> get(Table, std::string_view) const override {
      ++reads;
      return std::nullopt;
    }
    mutable int reads = 0;
  } nothing;
  for (int i = 0; i < 10; ++i) rows_.put_key(make_key("key_" + std::to_string(i)));
  KeyIndex index;
  index.apply(rows_.take(), nothing);
  EXPECT_EQ(nothing.reads, 1);
  EXPECT_EQ(index.stats().keys, 0u);
}

TEST_F(KeyIndexTest, TheMemoryOfDeletedKeysComesBack) {
  const auto empty = index_.stats().bytes;
  for (int i = 0; i < 30'000; ++i) {
    rows::KeyRow row = make_key("key_" + std::to_string(i));
    row.set_identity_id("id_" + std::to_string(i));
    row.add_role_ids("role_" + std::to_string(i % 1'000));
    rows_.put_key(row);
  }
  apply();
  const auto full = index_.stats().bytes;
  EXPECT_GT(full, empty + 30'000 * 100);
  for (int i = 0; i < 30'000; ++i) rows_.erase_key(make_key("key_" + std::to_string(i)));
  apply();
  EXPECT_EQ(index_.stats().keys, 0u);
  // A chunk stays open, and the arrays that numbers lead to never shrink.
  EXPECT_LT(index_.stats().bytes, empty + full / 4);
}

TEST_F(KeyIndexTest, APlainKeyCostsLittleMemory) {
  for (int i = 0; i < 200'000; ++i) {
    rows::KeyRow row = make_key("key_0123456789abcdef" + std::to_string(i));
    row.set_name("customer " + std::to_string(i));
    index_.apply({{Table::kKeys, "k/" + row.key_id(), row.SerializeAsString()}}, rows_);
  }
  EXPECT_LT(index_.stats().bytes / index_.stats().keys, 135u);
}

TEST_F(KeyIndexTest, ARowWithAHashOfAnotherLengthIsPassedOver) {
  rows::KeyRow row = make_key("key_1");
  row.set_hash("short");
  rows_.put_key(row);
  rows_.erase(Table::kKeys, "h/short");
  apply();
  EXPECT_EQ(index_.stats().keys, 0u);
}

}  // namespace
}  // namespace keyfold::projections::testing
