#include <gtest/gtest.h>

#include "actors/runtime.h"
#include "actors/submit.h"
#include "actors/workflows/refill.h"
#include "projections/key.h"
#include "projections/rows.pb.h"
#include "projections/workspace.h"
#include "tests/temporary_directory.h"
#include "tests/unit/actors/memory_shared_log.h"
#include "tests/unit/actors/scenario.h"

namespace keyfold::actors::testing {
namespace {

constexpr std::int64_t kShortMs = 300;
constexpr std::int64_t kPatientMs = 60'000;

/// Assigns what the test says.
class ManualMembership final : public events::Membership {
 public:
  [[nodiscard]] Status join(Listener listener) override {
    listener_ = std::move(listener);
    return {};
  }
  void leave() override { listener_ = {}; }
  void assign(const std::vector<events::PartitionId>& partitions) { listener_.assigned(partitions); }
  void revoke(const std::vector<events::PartitionId>& partitions) { listener_.revoked(partitions); }

 private:
  Listener listener_;
};

/// One node of a cluster in this process; its commands for other nodes go over the loopback network.
struct TestNode {
  TestNode(MemoryTopic& topic, const std::string& id, std::int64_t owner_timeout_ms) : log(topic) {
    projections = projections::Projections::open(directory.path(), log, {}).value();
    ClusterOptions cluster;
    cluster.node_id = id;
    cluster.owner_timeout_ms = owner_timeout_ms;
    runtime = std::make_unique<Runtime>(log, membership, cluster, *projections, clock, RuntimeOptions{});
    const Status started = runtime->start();
    EXPECT_TRUE(started) << started.error().to_string();
  }
  Outcome ask(const std::string& text) {
    v1::Command command = parse_command(text);
    command.set_time_ms(clock.now_ms());
    return submit(*runtime, std::move(command)).get();
  }
  /// The node's own view of the workspace, if it is there.
  bool knows_workspace(const std::string& id) {
    return projections::find_workspace(projections->reader(partition()), id).has_value();
  }
  [[nodiscard]] events::PartitionId partition() const { return events::partition_of("ws_1", log.partitions()); }

  keyfold::testing::TemporaryDirectory directory;
  ManualClock clock{kNow};
  MemorySharedLog log;
  ManualMembership membership;
  std::unique_ptr<projections::Projections> projections;
  std::unique_ptr<Runtime> runtime;
};

const std::string kMakeWorkspace = "create_workspace { workspace_id: 'ws_1' name: 'one' }";

class ClusterRuntimeTest : public ::testing::Test {
 protected:
  /// Waits until the node knows that it owns everything.
  static void await_ownership(const TestNode& node) {
    while (!node.runtime->owns(0) || !node.runtime->owns(1)) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }

  MemoryTopic topic_{2};
  TestNode first_{topic_, "first", kPatientMs};
  TestNode second_{topic_, "second", kPatientMs};
};

TEST_F(ClusterRuntimeTest, AnyNodeTakesACommandAndAnswersWhenItShowsThere) {
  first_.membership.assign({0, 1});
  const Outcome made = second_.ask(kMakeWorkspace);
  ASSERT_TRUE(made) << made.error().detail;
  EXPECT_TRUE(second_.knows_workspace("ws_1"));
  EXPECT_TRUE(first_.knows_workspace("ws_1")) << "the owner applied it before it answered";
  EXPECT_EQ(made->position.partition, first_.partition());
}

TEST_F(ClusterRuntimeTest, RejectionOfAnotherNodeComesBackAsItIs) {
  first_.membership.assign({0, 1});
  ASSERT_TRUE(second_.ask(kMakeWorkspace));
  const Outcome here = first_.ask("spend_credits { key_id: 'key_none' cost: 1 }");
  const Outcome there = second_.ask("spend_credits { key_id: 'key_none' cost: 1 }");
  ASSERT_FALSE(here);
  ASSERT_FALSE(there);
  EXPECT_EQ(there.error().code, here.error().code);
  EXPECT_EQ(there.error().detail, here.error().detail);
}

TEST_F(ClusterRuntimeTest, CommandWithoutAnOwnerIsRefusedInTimeAndNothingHappens) {
  TestNode impatient(topic_, "impatient", kShortMs);
  const Outcome refused = impatient.ask(kMakeWorkspace);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, RejectionCode::kNotOwner);
  first_.membership.assign({0, 1});
  EXPECT_TRUE(second_.ask(kMakeWorkspace));
}

TEST_F(ClusterRuntimeTest, PartitionsMoveWhileClientsGoOn) {
  first_.membership.assign({0, 1});
  ASSERT_TRUE(first_.ask(kMakeWorkspace));
  ASSERT_TRUE(first_.ask("create_api { api_id: 'api_1' keyspace_id: 'ks_1' }"));
  ASSERT_TRUE(
      first_.ask("create_key { key_id: 'key_1' api_id: 'api_1' hash: 'h1' enabled: true "
                 "credits_remaining: 1000 }"));
  std::vector<std::future<Outcome>> outcomes;
  for (int round = 0; round < 10; ++round) {
    TestNode& from = round % 2 == 0 ? first_ : second_;
    TestNode& to = round % 2 == 0 ? second_ : first_;
    for (int i = 0; i < 20; ++i) {
      v1::Command spend = parse_command("spend_credits { key_id: 'key_1' cost: 1 }");
      outcomes.push_back(submit(*(i % 2 == 0 ? first_ : second_).runtime, std::move(spend)));
    }
    from.membership.revoke({0, 1});
    to.membership.assign({0, 1});
  }
  events::Position last{first_.partition(), 0};
  for (auto& outcome : outcomes) {
    const Outcome spent = outcome.get();
    ASSERT_TRUE(spent) << spent.error().detail;
    last.sequence = std::max(last.sequence, spent->position.sequence);
  }
  for (TestNode* node : {&first_, &second_}) {
    ASSERT_TRUE(node->projections->wait(last, 60'000)) << "the others are a moment behind";
    const auto key = projections::find_key(node->projections->reader(node->partition()), "key_1");
    ASSERT_TRUE(key);
    EXPECT_EQ(key->credits_remaining(), 800);
  }
}

TEST_F(ClusterRuntimeTest, NodeThatIsStoppedLeavesItsPartitionsToOthers) {
  first_.membership.assign({0, 1});
  ASSERT_TRUE(first_.ask(kMakeWorkspace));
  first_.runtime->drain();
  const Outcome refused = first_.ask("create_api { api_id: 'api_1' keyspace_id: 'ks_1' }");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, RejectionCode::kOverloaded);
  second_.membership.assign({0, 1});
  EXPECT_TRUE(second_.ask("create_api { api_id: 'api_1' keyspace_id: 'ks_1' }"));
}

TEST_F(ClusterRuntimeTest, RefillsAreTheWorkOfTheNodeThatOwnsThePartition) {
  first_.membership.assign({0, 1});
  ASSERT_TRUE(first_.ask(kMakeWorkspace));
  ASSERT_TRUE(first_.ask("create_api { api_id: 'api_1' keyspace_id: 'ks_1' }"));
  ASSERT_TRUE(
      second_.ask("create_key { key_id: 'key_1' api_id: 'api_1' hash: 'h1' enabled: true credits_remaining: 1 "
                  "refill { interval: DAILY amount: 10 } }"));
  first_.clock.advance_ms(kDayMs);
  second_.clock.advance_ms(kDayMs);
  RefillWorkflow here(*second_.runtime, *second_.projections, second_.clock);
  RefillWorkflow owner(*first_.runtime, *first_.projections, first_.clock);
  await_ownership(first_);
  EXPECT_FALSE(here.is_due()) << "it is not this node's work";
  EXPECT_EQ(here.run({}).keys, 0u);
  EXPECT_TRUE(owner.is_due());
  EXPECT_EQ(owner.run({}).keys, 1u);
  EXPECT_FALSE(owner.is_due());

  first_.membership.revoke({0, 1});
  second_.membership.assign({0, 1});
  await_ownership(second_);
  EXPECT_TRUE(here.is_due()) << "the next owner looks what is left";
  EXPECT_EQ(here.run({}).keys, 0u) << "the first one has done it all";
  EXPECT_FALSE(here.is_due());
  const auto key = projections::find_key(second_.projections->reader(second_.partition()), "key_1");
  EXPECT_EQ(key->credits_remaining(), 10);
}

TEST_F(ClusterRuntimeTest, NodeMayBeStoppedWhileItOpensItsPartitions) {
  first_.membership.assign({0, 1});
  first_.runtime->drain();
  second_.membership.assign({0, 1});
  EXPECT_TRUE(second_.ask(kMakeWorkspace));
}

TEST_F(ClusterRuntimeTest, StatusTellsWhoOwnsWhat) {
  first_.membership.assign({0, 1});
  ASSERT_TRUE(second_.ask(kMakeWorkspace));
  const auto partition = second_.partition();
  while (!first_.runtime->owns(partition) || second_.runtime->replicas()[partition].owner.id != "first") {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_FALSE(second_.runtime->owns(partition));
  EXPECT_EQ(second_.runtime->replicas()[partition].owner.address, first_.runtime->node().address);
}

TEST(ClusterRuntime, CommandsOfStrangersAreNotTakenWithoutTls) {
  MemoryTopic topic(1);
  MemorySharedLog log(topic);
  keyfold::testing::TemporaryDirectory directory;
  const auto projections = projections::Projections::open(directory.path(), log, {}).value();
  SystemClock clock;
  ManualMembership membership;
  ClusterOptions cluster;
  cluster.listen_address = "0.0.0.0";
  Runtime runtime(log, membership, cluster, *projections, clock, RuntimeOptions{});
  const Status started = runtime.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(started.error().hint.find("tls_certificate_file"), std::string::npos);
}

}  // namespace
}  // namespace keyfold::actors::testing
