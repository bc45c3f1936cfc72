#include "projections/projections.h"

#include <atomic>
#include <chrono>
#include <thread>

#include "tests/unit/projections/store_fixture.h"

namespace keyfold::projections::testing {
namespace {

constexpr std::int64_t kLongMs = 3'600'000;

class ProjectionsStore : public ProjectionsTest {};

TEST_F(ProjectionsStore, ReadsWhatWasCommittedInItsOwnPartitionOnly) {
  const auto projections = open();
  put(*projections, 0, Table::kRoles, "r/1", "admin");
  EXPECT_EQ(projections->reader(0).get(Table::kRoles, "r/1"), "admin");
  EXPECT_EQ(projections->reader(1).get(Table::kRoles, "r/1"), std::nullopt);
  EXPECT_EQ(projections->reader(0).get(Table::kApis, "r/1"), std::nullopt);
  ASSERT_TRUE(projections->commit(0, {{Table::kRoles, "r/1", std::nullopt}}, 2));
  EXPECT_EQ(projections->reader(0).get(Table::kRoles, "r/1"), std::nullopt);
  EXPECT_EQ(projections->next(0), 2u);
  EXPECT_EQ(projections->next(1), 0u);
}

TEST_F(ProjectionsStore, RefusesACommitThatWouldSetItBack) {
  const auto projections = open();
  ASSERT_TRUE(projections->commit(0, {}, 5));
  const Status status = projections->commit(0, {{Table::kRoles, "r/1", "x"}}, 4);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kInternal);
  EXPECT_EQ(projections->reader(0).get(Table::kRoles, "r/1"), std::nullopt);
  EXPECT_EQ(projections->next(0), 5u);
}

TEST_F(ProjectionsStore, AfterAFailedCommitTakesNoOther) {
  const auto projections = open();
  put(*projections, 0, Table::kRoles, "r/1", "x");
  std::filesystem::remove_all(directory_);
  ASSERT_FALSE(projections->flush());
  const Status failed = projections->commit(0, {{Table::kRoles, "r/2", "x"}}, 2);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::kIo) << failed.error().to_string();
  const Status later = projections->commit(0, {}, 3);
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error().what, "a commit before this one failed");
  EXPECT_EQ(projections->next(0), 1u);
}

TEST_F(ProjectionsStore, ScansAPrefixInKeyOrderFromAKeyOnUntilTheVisitorHasEnough) {
  const auto projections = open();
  for (const char* key : {"a/ks_1/1", "a/ks_1/3", "a/ks_1/2", "a/ks_10/1", "a/ks_0/9", "b/", "k/1"}) {
    put(*projections, 0, Table::kRoles, key, std::string("value of ") + key);
  }
  put(*projections, 1, Table::kRoles, "a/ks_1/4", "other partition");
  const auto scan = [&](std::string_view prefix, std::string_view from, std::size_t max) {
    std::vector<std::string> keys;
    projections->scan(0, Table::kRoles, prefix, from, [&](std::string_view key, std::string_view value) {
      EXPECT_EQ(value, "value of " + std::string(key));
      keys.emplace_back(key);
      return keys.size() < max;
    });
    return keys;
  };
  using List = std::vector<std::string>;
  EXPECT_EQ(scan("a/ks_1/", "", 9), (List{"a/ks_1/1", "a/ks_1/2", "a/ks_1/3"}));
  EXPECT_EQ(scan("a/ks_1/", "a/ks_1/2", 9), (List{"a/ks_1/2", "a/ks_1/3"}));
  EXPECT_EQ(scan("a/ks_1/", "a/ks_1/20", 1), (List{"a/ks_1/3"}));
  EXPECT_EQ(scan("a/ks_1/", "a/ks_1/4", 9), List{});
  EXPECT_EQ(scan("a/ks_1/", "a/", 1), (List{"a/ks_1/1"}));
  EXPECT_EQ(scan("a/ks_1/", "z", 9), List{});
  EXPECT_EQ(scan("", "", 99).size(), 7u);
}

TEST_F(ProjectionsStore, PagesOfAScanGiveEachItemOnceWhateverIsAddedBetweenThem) {
  const auto projections = open();
  for (int i = 100; i < 200; i += 2) put(*projections, 0, Table::kRoles, "a/" + std::to_string(i), "");
  std::vector<std::string> seen;
  std::string from;
  for (int page = 0; page < 100; ++page) {
    std::vector<std::string> keys;
    projections->scan(0, Table::kRoles, "a/", from, [&](std::string_view key, std::string_view) {
      keys.emplace_back(key);
      return keys.size() < 8;
    });
    // Others come and go behind the page's end.
    put(*projections, 0, Table::kRoles, "a/1" + std::to_string(page % 10) + "1", "");
    if (keys.empty()) break;
    seen.insert(seen.end(), keys.begin(), keys.end());
    from = keys.back() + '\0';
  }
  std::vector<std::string> even;
  for (const std::string& key : seen) {
    if (key.back() % 2 == 0) even.push_back(key);
  }
  EXPECT_EQ(even.size(), 50u);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  EXPECT_EQ(std::adjacent_find(seen.begin(), seen.end()), seen.end());
}

TEST_F(ProjectionsStore, AScanSeesOneMomentEvenIfItsVisitorCommits) {
  const auto projections = open();
  put(*projections, 0, Table::kRoles, "a/1", "");
  std::size_t visited = 0;
  projections->scan(0, Table::kRoles, "a/", "", [&](std::string_view, std::string_view) {
    put(*projections, 0, Table::kRoles, "a/2" + std::to_string(visited), "");
    return ++visited < 10;
  });
  EXPECT_EQ(visited, 1u);
}

TEST_F(ProjectionsStore, WaitingEndsWhenThePositionIsCommitted) {
  constexpr events::Sequence kRounds = 100;
  const auto projections = open();
  std::atomic<events::Sequence> asked = 0;
  std::atomic<events::Sequence> answered = 0;
  std::jthread reader([&] {
    for (events::Sequence round = 1; round <= kRounds; ++round) {
      asked = round;
      // Without a wake-up this outlasts the test program's own time limit.
      if (projections->wait({1, round - 1}, kLongMs)) ++answered;
    }
  });
  for (events::Sequence round = 1; round <= kRounds; ++round) {
    while (asked < round) std::this_thread::yield();
    // Most rounds find the reader asleep.
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ASSERT_TRUE(projections->commit(1, {}, round));
  }
  reader.join();
  EXPECT_EQ(answered, kRounds);
}

TEST_F(ProjectionsStore, WaitingForWhatNeverComesEndsWithTheTime) {
  const auto projections = open();
  ASSERT_TRUE(projections->commit(0, {}, 3));
  EXPECT_TRUE(projections->wait({0, 2}, 0));
  EXPECT_FALSE(projections->wait({0, 3}, 1));
  EXPECT_FALSE(projections->wait({1, 0}, 0));
  EXPECT_FALSE(projections->wait({99, 0}, kLongMs));
}

TEST_F(ProjectionsStore, ADigestNamesProjectorVersionPartitionPositionAndRows) {
  const auto projections = open();
  put(*projections, 1, Table::kWorkspaces, "w/1", "x");
  const auto digests = projections->digest();
  ASSERT_TRUE(digests);
  ASSERT_EQ(digests->size(), kTableCount * 2);
  EXPECT_EQ(digests->at(1).to_string(),
            "digest workspaces v2 partition=1 next=1 rows=1 "
            "sha256=6b139db1a46a8a1c3cebbe3a8d1ffcce2a1b989acfbbe6e88cdfa56a577d03d1");
  EXPECT_EQ(digests->at(2).to_string(),
            "digest root_keys v2 partition=0 next=0 rows=0 "
            "sha256=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_F(ProjectionsStore, ADigestTellsWhereAKeyEndsAndItsValueBegins) {
  const auto projections = open();
  put(*projections, 0, Table::kRoles, "ab", "c");
  put(*projections, 1, Table::kRoles, "a", "bc");
  put(*projections, 0, Table::kApis, "ab", "c");
  put(*projections, 1, Table::kApis, "ab", "c");
  const auto digests = projections->digest();
  ASSERT_TRUE(digests);
  const auto sha = [&](Table table, std::size_t partition) {
    return digests->at(static_cast<std::size_t>(table) * 2 + partition).sha256;
  };
  EXPECT_NE(sha(Table::kRoles, 0), sha(Table::kRoles, 1));
  EXPECT_EQ(sha(Table::kApis, 0), sha(Table::kApis, 1));
}

}  // namespace
}  // namespace keyfold::projections::testing
