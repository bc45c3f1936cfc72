#include "actors/audit/audit_logs.h"

#include <gtest/gtest.h>

#include "events/embedded_log.h"
#include "events/merkle.h"
#include "tests/append_event.h"
#include "tests/temporary_directory.h"
#include "tests/unit/actors/memory_store.h"

namespace keyfold::actors::testing {
namespace {

using projections::kDirectoryTree;

constexpr const char* kWorkspace = "ws_1";

/// A log, its trees, and what signs them; `restart` loses what is only in memory.
class AuditLogsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    open_log();
    ASSERT_TRUE(open());
  }

  void open_log() {
    trees_.reset();
    log_.reset();
    log_ = events::EmbeddedLog::open({.directory = temporary_.path() / "log", .partitions = 2}).value();
    trees_ = projections::AuditStore::open(temporary_.path() / "audit", *log_).value();
  }
  Status open(AuditLogsOptions options = {}) {
    logs_.reset();
    auto opened = AuditLogs::open(*trees_, *log_, store_, vault_, std::move(options));
    if (!opened) return tl::unexpected(opened.error());
    logs_ = *std::move(opened);
    return {};
  }
  void append(int count) {
    for (int i = 0; i < count; ++i) {
      keyfold::testing::append_event(*log_, kWorkspace, "key_deleted { key_id: 'key_" + std::to_string(i) + "' }");
    }
    ASSERT_TRUE(trees_->catch_up());
  }
  [[nodiscard]] projections::TreeId home() const { return events::partition_of(kWorkspace, 2); }
  [[nodiscard]] events::TreeHead head() const {
    return events::open_checkpoint(logs_->head(home())->checkpoint, logs_->verifier(home())).value();
  }

  keyfold::testing::TemporaryDirectory temporary_;
  std::unique_ptr<events::EmbeddedLog> log_;
  std::unique_ptr<projections::AuditStore> trees_;
  MemoryStore store_;
  ManualClock clock_{1'000};
  Vault vault_{store_, master_key(), clock_};
  std::unique_ptr<AuditLogs> logs_;
};

TEST_F(AuditLogsTest, BeginWithSignedEmptyTrees) {
  EXPECT_EQ(head().size, 0u);
  EXPECT_EQ(head().root, events::empty_root());
  EXPECT_EQ(logs_->trees(), (std::vector<projections::TreeId>{0, 1, kDirectoryTree}));
}

TEST_F(AuditLogsTest, PublishTheTreesThatGrew) {
  append(3);
  ASSERT_TRUE(logs_->publish());
  EXPECT_EQ(head().size, 3u);
  EXPECT_EQ(head().root, trees_->root(home(), 3).value());
  EXPECT_EQ(logs_->stats().published, 1u);
  ASSERT_TRUE(logs_->publish());
  EXPECT_EQ(logs_->stats().published, 1u);
}

TEST_F(AuditLogsTest, AreNamedAfterTheirKeyUnlessTheyAreGivenAName) {
  EXPECT_TRUE(head().origin.starts_with("keyfold.local/")) << head().origin;
  EXPECT_TRUE(head().origin.ends_with("/" + std::to_string(home()))) << head().origin;
  ASSERT_TRUE(open({.origin = "keys.example.com/audit"}));
  EXPECT_EQ(logs_->verifier(kDirectoryTree).name, "keys.example.com/audit/directory");
  EXPECT_EQ(open({.origin = "has a space"}).error().code, ErrorCode::kInvalidArgument);
}

TEST_F(AuditLogsTest, KeepTheirNameOncePublished) {
  append(1);
  ASSERT_TRUE(logs_->publish());
  const Status renamed = open({.origin = "keys.example.com/audit"});
  ASSERT_FALSE(renamed);
  EXPECT_EQ(renamed.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_EQ(renamed.error().where, "audit.origin");
}

TEST_F(AuditLogsTest, ShowTheSameCheckpointAfterARestart) {
  append(3);
  ASSERT_TRUE(logs_->publish());
  const std::string before = logs_->head(home())->checkpoint;
  ASSERT_TRUE(open());
  EXPECT_EQ(logs_->head(home())->checkpoint, before);
}

TEST_F(AuditLogsTest, SignTheSameOnEveryNode) {
  append(3);
  ASSERT_TRUE(logs_->publish());
  const std::string mine = logs_->head(home())->checkpoint;
  ASSERT_TRUE(open({.node_id = "other"}));
  ASSERT_TRUE(logs_->publish());
  EXPECT_EQ(logs_->head(home())->checkpoint, mine);
}

TEST_F(AuditLogsTest, ShowOlderSizesUntilTheTreesHaveCaughtUp) {
  append(3);
  ASSERT_TRUE(logs_->publish());
  open_log();  // the store was never flushed: it begins anew
  ASSERT_EQ(trees_->next(home()), 0u);
  ASSERT_TRUE(open());
  ASSERT_TRUE(logs_->publish());
  EXPECT_EQ(head().size, 3u);
  append(1);
  ASSERT_TRUE(logs_->publish());
  EXPECT_EQ(head().size, 4u);
}

TEST_F(AuditLogsTest, RefuseALogThatLostWhatWasSigned) {
  append(3);
  ASSERT_TRUE(logs_->publish());
  logs_.reset();
  trees_.reset();
  log_.reset();
  std::filesystem::remove_all(temporary_.path() / "log");
  std::filesystem::remove_all(temporary_.path() / "audit");
  open_log();
  const Status refused = open();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kDataLoss);
  EXPECT_TRUE(refused.error().what.starts_with("the log has lost records")) << refused.error().what;
}

TEST_F(AuditLogsTest, RefuseALogThatHoldsOthersThanWhatWasSigned) {
  append(3);
  ASSERT_TRUE(logs_->publish());
  logs_.reset();
  trees_.reset();
  log_.reset();
  std::filesystem::remove_all(temporary_.path() / "log");
  std::filesystem::remove_all(temporary_.path() / "audit");
  open_log();
  for (int i = 0; i < 4; ++i) keyfold::testing::append_event(*log_, kWorkspace, "key_deleted { key_id: 'other' }");
  ASSERT_TRUE(open());  // the trees don't know yet
  ASSERT_TRUE(trees_->catch_up());
  const Status refused = logs_->publish();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kDataLoss);
  EXPECT_EQ(head().size, 3u);
  EXPECT_EQ(open().error().code, ErrorCode::kDataLoss);
}

TEST_F(AuditLogsTest, RefuseACheckpointOfAnotherKey) {
  append(1);
  const auto forger = events::NoteSigner::make(logs_->verifier(home()).name, std::string(32, 'f')).value();
  const events::TreeHead forged{forger.verifier().name, 1, trees_->root(home(), 1).value()};
  ASSERT_TRUE(keep_published_head(store_, {home(), forger.sign(to_text(forged))}, ""));
  EXPECT_EQ(open().error().code, ErrorCode::kDataLoss);
}

}  // namespace
}  // namespace keyfold::actors::testing
