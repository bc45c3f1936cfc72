#include "projections/root_key_index.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <atomic>
#include <map>
#include <thread>

#include "projections/rows.pb.h"

namespace keyfold::projections::testing {
namespace {

/// A number of [from, below), spread evenly whatever the size that RapidCheck is at.
int any_from(int from, int below) { return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(from, below)); }

rows::RootKeyRow make_row(const std::string& id, const std::string& secret) {
  rows::RootKeyRow row;
  row.set_root_key_id(id);
  row.set_workspace_id("ws_1");
  row.set_name("name of " + id);
  row.set_hash(std::string(as_view(sha256(secret))));
  return row;
}

Change put(const rows::RootKeyRow& row) {
  return {Table::kRootKeys, "r/" + row.root_key_id(), row.SerializeAsString()};
}

TEST(RootKeyIndex, ARootKeyIsFoundByItsHashWithSortedDistinctPermissions) {
  RootKeyIndex index;
  rows::RootKeyRow row = make_row("rk_1", "secret");
  for (const char* permission : {"b", "a", "b"}) row.add_permissions(permission);
  row.set_expires_at_ms(7);
  index.apply(3, {put(row)});
  const auto found = index.find(sha256("secret"));
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->root_key_id, "rk_1");
  EXPECT_EQ(found->workspace_id, "ws_1");
  EXPECT_EQ(found->partition, 3u);
  EXPECT_EQ(found->name, "name of rk_1");
  EXPECT_EQ(found->permissions, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(found->expires_at_ms, 7);
  EXPECT_EQ(index.find(sha256("another")), nullptr);
}

TEST(RootKeyIndex, ARevokedOrRemovedRootKeyIsNotFound) {
  RootKeyIndex index;
  rows::RootKeyRow row = make_row("rk_1", "one");
  index.apply(0, {put(row), put(make_row("rk_2", "two"))});
  const auto held = index.find(sha256("one"));
  row.set_revoked_at_ms(1);
  index.apply(0, {put(row), {Table::kRootKeys, "r/rk_2", std::nullopt}});
  EXPECT_EQ(index.find(sha256("one")), nullptr);
  EXPECT_EQ(index.find(sha256("two")), nullptr);
  EXPECT_EQ(held->root_key_id, "rk_1");
}

TEST(RootKeyIndex, AChangedRootKeyReplacesItsEntry) {
  RootKeyIndex index;
  rows::RootKeyRow row = make_row("rk_1", "old");
  index.apply(0, {put(row)});
  row.set_name("renamed");
  row.add_permissions("a");
  index.apply(0, {put(row)});
  EXPECT_EQ(index.find(sha256("old"))->name, "renamed");
  EXPECT_EQ(index.find(sha256("old"))->permissions, std::vector<std::string>{"a"});
  index.apply(0, {put(make_row("rk_1", "new"))});
  EXPECT_EQ(index.find(sha256("old")), nullptr);
  EXPECT_NE(index.find(sha256("new")), nullptr);
}

TEST(RootKeyIndex, ARevokedRootKeyDoesNotTakeAnotherOfItsHashWithIt) {
  RootKeyIndex index;
  index.apply(0, {put(make_row("rk_1", "secret"))});
  index.apply(0, {put(make_row("rk_2", "secret"))});
  index.apply(0, {{Table::kRootKeys, "r/rk_1", std::nullopt}});
  ASSERT_NE(index.find(sha256("secret")), nullptr);
  EXPECT_EQ(index.find(sha256("secret"))->root_key_id, "rk_2");
}

TEST(RootKeyIndex, RowsOfOtherTablesAndKindsAreNotItsBusiness) {
  RootKeyIndex index;
  Change change = put(make_row("rk_1", "secret"));
  change.table = Table::kRoles;
  Change other_kind = put(make_row("rk_1", "secret"));
  other_kind.key = "x/rk_1";
  index.apply(0, {change, other_kind});
  EXPECT_EQ(index.find(sha256("secret")), nullptr);
}

Change put(const rows::WorkspaceRow& row) {
  return {Table::kWorkspaces, "w/" + row.workspace_id(), row.SerializeAsString()};
}

TEST(RootKeyIndex, ARootKeyTellsAtOnceWhetherItIsEnabled) {
  RootKeyIndex index;
  rows::RootKeyRow row = make_row("rk_1", "secret");
  index.apply(0, {put(row)});
  EXPECT_TRUE(index.find(sha256("secret"))->enabled);
  row.set_disabled(true);
  index.apply(0, {put(row)});
  EXPECT_FALSE(index.find(sha256("secret"))->enabled);
}

TEST(RootKeyIndex, ARootKeyKnowsTheStandingOfItsWorkspaceInWhicheverOrderTheyCame) {
  using enum WorkspaceStanding::State;
  RootKeyIndex index;
  index.apply(0, {put(make_row("rk_1", "one"))});
  const auto held = index.find(sha256("one"));
  EXPECT_EQ(held->workspace->state(), kMissing);

  rows::WorkspaceRow workspace;
  workspace.set_workspace_id("ws_1");
  index.apply(0, {put(workspace)});
  EXPECT_EQ(held->workspace->state(), kEnabled);
  EXPECT_FALSE(held->workspace->requests_per_minute_max());

  workspace.set_disabled(true);
  workspace.set_requests_per_minute_max(0);
  index.apply(0, {put(workspace), put(make_row("rk_2", "two"))});
  for (const auto& standing : {held->workspace, index.find(sha256("two"))->workspace, index.workspace("ws_1")}) {
    EXPECT_EQ(standing->state(), kDisabled);
    EXPECT_EQ(standing->requests_per_minute_max(), 0);
  }
  EXPECT_EQ(index.workspace("ws_2")->state(), kMissing);

  workspace.clear_disabled();
  workspace.clear_requests_per_minute_max();
  index.apply(0, {put(workspace)});
  EXPECT_EQ(held->workspace->state(), kEnabled);
  EXPECT_FALSE(held->workspace->requests_per_minute_max());
}

RC_GTEST_PROP(RootKeyIndexProperty, ExactlyTheLiveRootKeysAreFoundAfterAnyHistory, ()) {
  RootKeyIndex index;
  std::map<std::string, rows::RootKeyRow> live;
  for (int left = any_from(1, 60); left > 0; --left) {
    const std::string number = std::to_string(any_from(0, 8));
    // Every root key has two secrets of its own.
    rows::RootKeyRow row = make_row("rk_" + number, number + (*rc::gen::arbitrary<bool>() ? "x" : "y"));
    row.set_name(std::to_string(left));
    const int kind = any_from(0, 4);
    if (kind == 0) row.set_revoked_at_ms(1);
    Change change = put(row);
    if (kind == 1) change.value.reset();
    index.apply(0, {change});
    live.erase(row.root_key_id());
    if (kind > 1) live[row.root_key_id()] = row;
    for (int i = 0; i < 8; ++i) {
      for (const char* suffix : {"x", "y"}) {
        const std::string id = "rk_" + std::to_string(i);
        const Digest hash = sha256(std::to_string(i) + suffix);
        const auto found = index.find(hash);
        const bool should = live.contains(id) && live[id].hash() == as_view(hash);
        RC_ASSERT((found != nullptr) == should);
        if (found) RC_ASSERT(found->name == live[id].name());
      }
    }
  }
}

TEST(RootKeyIndex, ReadersAndWritersOfSeveralPartitionsDoNotDisturbEachOther) {
  RootKeyIndex index;
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  for (int reader = 0; reader < 2; ++reader) {
    threads.emplace_back([&] {
      do {
        for (int i = 0; i < 16; ++i) {
          const auto found = index.find(sha256(std::to_string(i)));
          if (found) {
            EXPECT_EQ(found->permissions, std::vector<std::string>{found->name});
          }
        }
      } while (!done.load());
    });
  }
  std::vector<std::thread> writers;
  for (int partition = 0; partition < 2; ++partition) {
    writers.emplace_back([&, partition] {
      for (int step = 0; step < 1'500; ++step) {
        const int i = step % 8 * 2 + partition;
        rows::RootKeyRow row = make_row("rk_" + std::to_string(i), std::to_string(i));
        row.set_name(std::to_string(step));
        row.add_permissions(row.name());
        if (step % 5 == 0) row.set_revoked_at_ms(1);
        index.apply(static_cast<events::PartitionId>(partition), {put(row)});
        EXPECT_EQ(index.find(sha256(std::to_string(i))) == nullptr, step % 5 == 0);
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  done.store(true);
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace keyfold::projections::testing
