#include "actors/workflows/refill.h"

#include <future>
#include <thread>

#include "projections/workspace.h"
#include "tests/unit/actors/workflow_fixture.h"

namespace keyfold::actors::testing {
namespace {

const std::string kDaily = "credits_remaining: 3 refill { interval: DAILY amount: 10 }";
const std::int64_t kToday = utc_day(kNow);

class RefillWorkflowTest : public WorkflowFixture {
 protected:
  RefillWorkflowTest() {
    furnish("ws_1");
    make_key("ws_1", "key_1", kDaily);
  }
  RefillWorkflow::Report run(const std::stop_token& stop = {}) {
    return RefillWorkflow(*runtime, *projections, clock).run(stop);
  }
  void sleep_days(std::int64_t days) { clock.advance_ms(days * kDayMs); }
  [[nodiscard]] std::int64_t balance(const std::string& key_id) const {
    return key("ws_1", key_id).credits_remaining();
  }
  [[nodiscard]] std::int64_t mark(const std::string& workspace_id) const {
    return projections::find_workspace(rows(workspace_id), workspace_id)->refilled_through_day();
  }
};

TEST_F(RefillWorkflowTest, RefillsAtTheTurnOfTheDayAndOnce) {
  EXPECT_EQ(run().keys, 0u) << "on the day on which it was made nothing is due";
  EXPECT_EQ(mark("ws_1"), kToday);
  sleep_days(1);
  EXPECT_EQ(run().keys, 1u);
  EXPECT_EQ(balance("key_1"), 10);
  EXPECT_EQ(key("ws_1", "key_1").last_refill_day(), kToday + 1);
  EXPECT_EQ(key("ws_1", "key_1").updated_at_ms(), clock.now_ms());
  EXPECT_EQ(mark("ws_1"), kToday + 1);
  ASSERT_TRUE(ask("ws_1", "spend_credits { key_id: 'key_1' cost: 10 }"));
  EXPECT_EQ(run().keys, 0u);
  EXPECT_EQ(balance("key_1"), 0);
  EXPECT_EQ(count("RefillsCompleted"), 2);
}

TEST_F(RefillWorkflowTest, CatchesUpOnceAfterDaysWithoutAServer) {
  sleep_days(5);
  restart();
  EXPECT_EQ(run().keys, 1u);
  EXPECT_EQ(balance("key_1"), 10);
  EXPECT_EQ(count("KeyRefilled"), 1);
  EXPECT_EQ(mark("ws_1"), kToday + 5);
}

TEST_F(RefillWorkflowTest, VerificationSeesTheNewBalanceAtOnce) {
  Digest hash;
  std::copy_n(key("ws_1", "key_1").hash().begin(), hash.size(), hash.begin());
  sleep_days(1);
  run();
  std::optional<std::int64_t> seen;
  const auto& index = projections->keys(events::partition_of("ws_1", projections->partitions()));
  EXPECT_TRUE(index.visit(hash, [&](const projections::KeyView& view) { seen = view.credits_remaining; }));
  EXPECT_EQ(seen, 10);
}

TEST_F(RefillWorkflowTest, SaysThatTheSystemDidIt) {
  sleep_days(1);
  run();
  const auto partition = events::partition_of("ws_1", log->partitions());
  const auto read = log->read(partition, 0, 1'000, [](events::Sequence, events::RecordView record) {
    v1::EventHeader header;
    EXPECT_TRUE(header.ParseFromArray(record.header.data(), static_cast<int>(record.header.size())));
    if (header.type() != "KeyRefilled") return true;
    EXPECT_EQ(header.principal().type(), v1::Principal::SYSTEM);
    EXPECT_EQ(header.principal().id(), "refill");
    return true;
  });
  EXPECT_TRUE(read);
}

TEST_F(RefillWorkflowTest, GoesThroughMoreKeysThanAPageAndWaitsForABusyPartition) {
  std::vector<std::future<Outcome>> made;
  for (int i = 0; i < 1'203; ++i) {
    made.push_back(ask_later("ws_1", create_key("ws_1", "many_" + std::to_string(10'000 + i), kDaily)));
  }
  for (auto& outcome : made) ASSERT_TRUE(outcome.get());
  sleep_days(1);
  restart({.queue_commands_max = 8});
  const auto report = run();
  EXPECT_EQ(report.keys, 1'204u);
  EXPECT_EQ(report.failures, 0u) << report.reason;
  EXPECT_EQ(count("KeyRefilled"), 1'204);
  EXPECT_EQ(mark("ws_1"), kToday + 1);
}

TEST_F(RefillWorkflowTest, DoesOnlyWhatIsMissingAfterItWasStopped) {
  make_key("ws_1", "key_2", kDaily);
  sleep_days(1);
  // The pass that was cut off had got as far as the first key.
  ASSERT_TRUE(ask("ws_1", "refill_key { key_id: 'key_1' through_day: " + std::to_string(kToday + 1) + " }"));
  std::stop_source stopped;
  stopped.request_stop();
  EXPECT_EQ(run(stopped.get_token()).failures, 1u);
  EXPECT_EQ(mark("ws_1"), 0) << "not complete";
  restart();
  ASSERT_TRUE(ask("ws_1", "spend_credits { key_id: 'key_1' cost: 10 }"));
  EXPECT_EQ(run().keys, 1u);
  EXPECT_EQ(balance("key_1"), 0) << "it had its refill of the day";
  EXPECT_EQ(balance("key_2"), 10);
  EXPECT_EQ(count("KeyRefilled"), 2);
  EXPECT_EQ(mark("ws_1"), kToday + 1);
}

TEST_F(RefillWorkflowTest, KeepsWorkspacesApart) {
  for (const std::string id : {"ws_0", "ws_2", "ws_10"}) {
    furnish(id);
    make_key(id, "of_" + id, kDaily);
  }
  furnish("ws_none");
  sleep_days(1);
  const auto report = run();
  EXPECT_EQ(report.keys, 4u);
  EXPECT_EQ(report.workspaces, 4u);
  EXPECT_EQ(mark("ws_none"), 0) << "nothing to do, nothing written";
  EXPECT_EQ(run().workspaces, 0u);
}

TEST_F(RefillWorkflowTest, TellsWhatItDid) {
  sleep_days(1);
  RefillWorkflow workflow(*runtime, *projections, clock);
  EXPECT_TRUE(workflow.is_due());
  workflow.run({});
  EXPECT_FALSE(workflow.is_due());
  EXPECT_EQ(workflow.stats().keys, 1u);
  EXPECT_EQ(workflow.stats().failures, 0u);
  EXPECT_EQ(workflow.stats().completed_day, kToday + 1);
}

TEST_F(RefillWorkflowTest, CountsWhatItCouldNotDo) {
  sleep_days(1);
  runtime->drain();
  std::stop_source stop;
  std::jthread stopper([&] {
    while (runtime->stats().overloaded == 0) std::this_thread::yield();
    stop.request_stop();
  });
  RefillWorkflow workflow(*runtime, *projections, clock);
  EXPECT_EQ(workflow.run(stop.get_token()).failures, 1u);
  EXPECT_EQ(workflow.stats().completed_day, 0);
}

}  // namespace
}  // namespace keyfold::actors::testing
