#include "actors/workflows/reseal.h"

#include "actors/aggregates/key_secret.h"
#include "projections/key_lists.h"
#include "tests/append_event.h"
#include "tests/unit/actors/workflow_fixture.h"

namespace keyfold::actors::testing {
namespace {

class ResealWorkflowTest : public WorkflowFixture {
 protected:
  ResealWorkflowTest() {
    furnish("ws_1");
    furnish("ws_2");
    close();
    for (const std::string id : {"ws_1", "ws_2"}) {
      keyfold::testing::append_event(
          *log, id,
          "keyspace_updated { keyspace_id: '" + id + "_ks' api_id: '" + id + "_api' store_encrypted_keys: true }");
    }
    restart();
  }

  ResealWorkflow::Report run(const std::stop_token& stop = {}) {
    return ResealWorkflow(*runtime, *projections, *vault, clock).run(stop).value();
  }
  ResealWorkflow::Left left() { return ResealWorkflow(*runtime, *projections, *vault, clock).left().value(); }

  static v1::Command create(const std::string& workspace_id, const std::string& key_id, const std::string& sealed) {
    v1::Command command = parse_command("workspace_id: '" + workspace_id + "' create_key { enabled: true }");
    command.mutable_create_key()->set_key_id(key_id);
    command.mutable_create_key()->set_api_id(workspace_id + "_api");
    command.mutable_create_key()->set_hash(std::string(as_view(sha256(key_id))));
    command.mutable_create_key()->set_sealed_secret(sealed);
    return command;
  }
  HeldSealed seal(const std::string& workspace_id, const std::string& key_id) {
    return vault->seal_held(key_seal_context(workspace_id, key_id), "secret of " + key_id).value();
  }
  /// A recoverable key whose secret is `secret of <key id>`.
  void make_recoverable(const std::string& workspace_id, const std::string& key_id) {
    const auto made = submit(*runtime, create(workspace_id, key_id, seal(workspace_id, key_id).sealed)).get();
    ASSERT_TRUE(made) << made.error().detail;
  }
  [[nodiscard]] std::string secret_of(const std::string& workspace_id, const std::string& key_id) const {
    const auto opened = vault->open(key_seal_context(workspace_id, key_id), key(workspace_id, key_id).sealed_secret());
    return opened ? *opened : opened.error().to_string();
  }
  [[nodiscard]] std::size_t data_keys() const { return vault->data_keys("", 1'000).value().size(); }
};

TEST_F(ResealWorkflowTest, FindsNothingToDoWithoutARotation) {
  make_recoverable("ws_1", "key_1");
  const auto report = run();
  EXPECT_EQ(report.resealed, 0u);
  EXPECT_EQ(report.destroyed, 0u);
  EXPECT_EQ(report.left, 0u);
}

TEST_F(ResealWorkflowTest, SealsEverythingAnewAndDestroysTheOldDataKey) {
  for (int i = 0; i < 150; ++i) make_recoverable("ws_1", "key_" + std::to_string(i));
  make_recoverable("ws_2", "other");
  const auto old = projections::data_key_of(key("ws_1", "key_0").sealed_secret());
  ASSERT_TRUE(vault->rotate("ws_1"));
  EXPECT_EQ(left().data_keys, 1u);
  EXPECT_EQ(left().secrets, 150u);
  const auto report = run();
  EXPECT_EQ(report.resealed, 150u);
  EXPECT_EQ(report.destroyed, 1u);
  EXPECT_EQ(report.left, 0u);
  EXPECT_EQ(left().data_keys, 0u);
  EXPECT_EQ(data_keys(), 2u);
  for (int i = 0; i < 150; ++i) {
    const std::string id = "key_" + std::to_string(i);
    EXPECT_NE(projections::data_key_of(key("ws_1", id).sealed_secret()), old);
    EXPECT_EQ(secret_of("ws_1", id), "secret of " + id);
  }
  EXPECT_EQ(secret_of("ws_2", "other"), "secret of other");
  EXPECT_EQ(key("ws_1", "key_0").updated_at_ms(), 0) << "nothing that a caller sees has changed";
  EXPECT_EQ(count("KeySecretResealed"), 150);
}

TEST_F(ResealWorkflowTest, GoesOnAfterARestartWithWhatIsMissing) {
  for (const std::string id : {"key_1", "key_2", "key_3"}) make_recoverable("ws_1", id);
  ASSERT_TRUE(vault->rotate("ws_1"));
  // The pass that was cut off had got as far as the first key.
  v1::Command reseal = parse_command("workspace_id: 'ws_1' reseal_key { key_id: 'key_1' }");
  reseal.mutable_reseal_key()->set_expected(key("ws_1", "key_1").sealed_secret());
  reseal.mutable_reseal_key()->set_sealed_secret(seal("ws_1", "key_1").sealed);
  ASSERT_TRUE(submit(*runtime, std::move(reseal)).get());
  restart();
  EXPECT_EQ(left().secrets, 2u);
  EXPECT_EQ(run().resealed, 2u);
  EXPECT_EQ(data_keys(), 1u);
  for (const std::string id : {"key_1", "key_2", "key_3"}) EXPECT_EQ(secret_of("ws_1", id), "secret of " + id);
}

TEST_F(ResealWorkflowTest, DestroysNothingThatAKeyOnItsWayNeeds) {
  make_recoverable("ws_1", "key_1");
  HeldSealed on_its_way = seal("ws_1", "key_2");
  ASSERT_TRUE(vault->rotate("ws_1"));
  EXPECT_EQ(run().left, 1u);
  ASSERT_TRUE(submit(*runtime, create("ws_1", "key_2", on_its_way.sealed)).get());
  on_its_way.hold.reset();
  const auto report = run();
  EXPECT_EQ(report.resealed, 1u);
  EXPECT_EQ(report.destroyed, 1u);
  EXPECT_EQ(secret_of("ws_1", "key_2"), "secret of key_2");
}

TEST_F(ResealWorkflowTest, KeepsADataKeyWhoseCiphertextItCanNotOpen) {
  make_recoverable("ws_1", "key_1");
  // Bound to another key: as good as damaged.
  ASSERT_TRUE(submit(*runtime, create("ws_1", "key_2", seal("ws_1", "key_3").sealed)).get());
  ASSERT_TRUE(vault->rotate("ws_1"));
  const auto report = run();
  EXPECT_EQ(report.resealed, 1u);
  EXPECT_EQ(report.failed, 1u);
  EXPECT_EQ(report.left, 1u);
  EXPECT_EQ(report.reason.find("key_2: "), 0u) << report.reason;
  EXPECT_EQ(report.reason.find("secret of"), std::string::npos);
}

TEST_F(ResealWorkflowTest, SealsSoftDeletedKeysAnewAndForgetsDestroyedOnes) {
  make_recoverable("ws_1", "key_1");
  make_recoverable("ws_1", "key_2");
  ASSERT_TRUE(ask("ws_1", "delete_key { key_id: 'key_1' }"));
  ASSERT_TRUE(ask("ws_1", "delete_key { key_id: 'key_2' permanent: true }"));
  ASSERT_TRUE(vault->rotate("ws_1"));
  EXPECT_EQ(run().resealed, 1u);
  EXPECT_EQ(data_keys(), 1u);
  EXPECT_EQ(secret_of("ws_1", "key_1"), "secret of key_1");
}

TEST_F(ResealWorkflowTest, LeavesDataKeysThatTheClockDestroys) {
  ASSERT_TRUE(vault->seal({"idempotency/1", "idempotency", "x"}, "answer", clock.now_ms() + 1'000));
  clock.advance_ms(2'000);
  ASSERT_TRUE(vault->seal({"idempotency/1", "idempotency", "y"}, "answer", clock.now_ms() + 1'000));
  EXPECT_EQ(left().data_keys, 0u);
  EXPECT_EQ(run().destroyed, 0u);
}

TEST_F(ResealWorkflowTest, StopsWhenTold) {
  make_recoverable("ws_1", "key_1");
  ASSERT_TRUE(vault->rotate("ws_1"));
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(run(stop.get_token()).resealed, 0u);
  EXPECT_EQ(run().resealed, 1u);
}

}  // namespace
}  // namespace keyfold::actors::testing
