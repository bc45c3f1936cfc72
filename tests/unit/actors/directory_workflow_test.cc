#include "actors/workflows/directory.h"

#include <gtest/gtest.h>

#include "actors/aggregates/tree_heads.h"
#include "tests/unit/actors/workflow_fixture.h"

namespace keyfold::actors::testing {
namespace {

using projections::kDirectoryTree;

class DirectoryTest : public WorkflowFixture {
 protected:
  DirectoryTest() {
    trees_ = projections::AuditStore::open(temporary_.path() / "audit", *log).value();
    logs_ = AuditLogs::open(*trees_, *log, *log, *vault, {}).value();
  }
  ~DirectoryTest() override { logs_.reset(); }

  /// What a server does again and again: publish, then tell the directory.
  void pass() {
    ASSERT_TRUE(trees_->catch_up());
    ASSERT_TRUE(logs_->publish());
    DirectoryWorkflow workflow(*runtime, *logs_, *trees_, clock);
    EXPECT_TRUE(workflow.run({}));
    ASSERT_TRUE(trees_->catch_up());
    ASSERT_TRUE(logs_->publish());
  }

  keyfold::testing::TemporaryDirectory temporary_;
  std::unique_ptr<projections::AuditStore> trees_;
  std::unique_ptr<AuditLogs> logs_;
};

TEST_F(DirectoryTest, PutsEachPartitionsCheckpointIntoTheDirectory) {
  furnish("ws_1");
  pass();
  const auto home = events::partition_of("ws_1", trees_->partitions());
  EXPECT_GT(trees_->directory_sizes()[home], 0u);
  const auto size = trees_->tree_size(kDirectoryTree);
  EXPECT_EQ(logs_->head(kDirectoryTree)->size, size);
  bool is_there = false;
  for (std::uint64_t i = 0; i < size; ++i) {
    const auto head = events::open_checkpoint(trees_->directory_leaf(i).value(), logs_->verifier(home));
    is_there = is_there || (head && head->size == trees_->directory_sizes()[home]);
  }
  EXPECT_TRUE(is_there);
}

TEST_F(DirectoryTest, ItsOwnEventsAreNoNews) {
  furnish("ws_1");
  pass();
  const auto own = events::partition_of(kAuditWorkspace, trees_->partitions());
  const auto events = log->tail(own).next;
  for (int i = 0; i < 3; ++i) pass();
  EXPECT_EQ(log->tail(own).next, events);
  furnish("ws_2");
  pass();
  EXPECT_EQ(trees_->directory_sizes()[own], logs_->head(own)->size - 1);
}

TEST_F(DirectoryTest, OnlyItsOwnWorkspacePublishes) {
  furnish("ws_1");
  const auto refused = ask("ws_1", "publish_tree_heads { heads { partition: 0 size: 1 } }");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, RejectionCode::kInvalidInput);
}

}  // namespace
}  // namespace keyfold::actors::testing
