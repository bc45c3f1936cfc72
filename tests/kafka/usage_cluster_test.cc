#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <thread>

#include "schemas/base/clock.h"
#include "tests/kafka/kafka_broker.h"
#include "tests/kafka/kafka_fixture.h"
#include "tests/kafka/usage_node.h"
#include "tests/temporary_directory.h"

namespace keyfold::testing {
namespace {

constexpr std::int64_t kPatienceMs = 60'000;
constexpr std::int64_t kNowMs = 1'750'000'000'000;

/// A round starts three nodes on a real broker; RC_PARAMS asks for more.
const int kRoundsSet = ::setenv("RC_PARAMS", "max_success=8", 0);

template <class Condition>
void await(Condition condition) {
  while (!condition()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

/// Nodes of one cluster, numbered.
class Cluster {
 public:
  explicit Cluster(std::string brokers) : brokers_(std::move(brokers)) {}

  [[nodiscard]] events::KafkaUsageLogOptions options(std::size_t number) const {
    events::KafkaUsageLogOptions options;
    options.kafka.brokers = brokers_;
    options.kafka.topic_prefix = prefix_;
    options.kafka.connect_timeout_ms = kPatienceMs;
    options.append_timeout_ms = kPatienceMs;
    options.node = std::to_string(number);
    options.directory = directory_.path() / options.node;
    return options;
  }
  [[nodiscard]] std::unique_ptr<UsageNode> make(std::size_t number) const {
    return std::make_unique<UsageNode>(options(number), clock_);
  }

  const ManualClock clock_{kNowMs};

 private:
  const std::string brokers_;
  const std::string prefix_ = events::testing::new_topic_prefix();
  const TemporaryDirectory directory_;
};

TEST(UsageCluster, CountsOnEveryNodeWhatIsChargedOnOne) {
  const Cluster cluster(events::testing::shared_brokers());
  const auto a = cluster.make(0);
  const auto b = cluster.make(1);
  a->charge("c", 3);
  b->charge("c", 4);
  a->recorder().flush();
  b->recorder().flush();
  await([&] { return a->counted("c") == 7 && b->counted("c") == 7; });
}

TEST(UsageCluster, RestoresWhatEveryNodeChargedAfterARestart) {
  const Cluster cluster(events::testing::shared_brokers());
  const auto a = cluster.make(0);
  const auto b = cluster.make(1);
  a->charge("c", 3);
  b->charge("c", 4);
  a->stop();
  b->recorder().flush();
  a->start();
  EXPECT_EQ(a->counted("c"), 7);
}

TEST(UsageCluster, FoldsWhatEveryNodeWrote) {
  const Cluster cluster(events::testing::shared_brokers());
  const auto a = cluster.make(0);
  const auto b = cluster.make(1);
  for (int i = 0; i < 5; ++i) {
    for (UsageNode* node : {a.get(), b.get()}) {
      v1::Verification verification;
      verification.set_workspace_id("ws");
      verification.set_keyspace_id("ks");
      verification.set_key_id("key");
      verification.set_outcome("VALID");
      node->recorder().record(verification);
      node->recorder().flush();
    }
  }
  for (UsageNode* node : {a.get(), b.get()}) {
    ASSERT_TRUE(node->log().wait(9, kPatienceMs));
    node->recorder().flush();
    std::uint64_t count = 0;
    ASSERT_TRUE(node->store().visit_verifications({.workspace_id = "ws", .key_id = "key", .to_ms = 1},
                                                  [&](const auto& found) { count += found.count; }));
    EXPECT_EQ(count, 10u);
  }
}

/// Charges, writes and restarts of three nodes in any order: at the end every node has counted what the stream holds.
RC_GTEST_PROP(UsageClusterProperty, CountsEachChargeOnceHoweverNodesRestart, ()) {
  constexpr std::size_t kNodes = 3;
  RC_PRE(kRoundsSet == 0);
  const Cluster cluster(events::testing::shared_brokers());
  std::array<std::unique_ptr<UsageNode>, kNodes> nodes;
  for (std::size_t i = 0; i < kNodes; ++i) nodes[i] = cluster.make(i);
  std::int64_t total = 0;
  const auto steps = *rc::gen::container<std::vector<std::pair<std::size_t, int>>>(
      rc::gen::pair(rc::gen::inRange<std::size_t>(0, kNodes), rc::gen::inRange(0, 10)));
  for (const auto& [number, kind] : steps) {
    UsageNode& node = *nodes[number];
    if (kind < 5) {
      node.charge("c", kind + 1);
      total += kind + 1;
    } else if (kind < 8) {
      node.recorder().flush();
    } else {
      node.stop();
      node.start();
    }
  }
  for (const auto& node : nodes) node->recorder().flush();
  await([&] {
    return std::all_of(nodes.begin(), nodes.end(), [&](const auto& node) { return node->counted("c") >= total; });
  });
  for (const auto& node : nodes) RC_ASSERT(node->counted("c") == total);
}

class UsageOutage : public ::testing::Test {
 protected:
  [[nodiscard]] std::unique_ptr<UsageNode> make() const {
    auto options = cluster_.options(0);
    options.append_timeout_ms = 1'000;
    return std::make_unique<UsageNode>(options, cluster_.clock_);
  }
  /// Charges and flushes until something reaches the stream.
  static void await_recovery(UsageNode& node) {
    const std::uint64_t written = node.recorder().stats().batches;
    await([&] {
      node.charge("later", 1);
      node.recorder().flush();
      return node.recorder().stats().batches > written;
    });
  }

  const TemporaryDirectory directory_;
  KafkaBroker broker_{directory_.path() / "broker"};
  const Cluster cluster_{broker_.addresses()};
};

TEST_F(UsageOutage, DropsAndCountsUsageWhileNoBrokerAnswersAndRecovers) {
  const auto node = make();
  node->charge("c", 1);
  node->recorder().flush();
  broker_.pause();
  for (int i = 0; i < 3; ++i) {
    node->charge("c", 1);
    node->recorder().flush();
  }
  EXPECT_EQ(node->recorder().stats().dropped, 3u);
  EXPECT_EQ(node->counted("c"), 4) << "this node goes on to count";
  EXPECT_EQ(node->log().append(0, {}).error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(node->log().read(0, 1, [](events::Sequence, const v1::UsageBatch&) { return true; }));
  broker_.resume();
  await_recovery(*node);
  EXPECT_EQ(node->counted("c"), 4) << "what arrived late was counted when it was charged";
}

TEST_F(UsageOutage, GoesOnWithABrokerThatWasStartedAnew) {
  const auto node = make();
  node->charge("c", 1);
  node->recorder().flush();
  broker_.stop();
  node->charge("c", 1);
  node->recorder().flush();
  EXPECT_EQ(node->recorder().stats().dropped, 1u);
  broker_.start();
  await_recovery(*node);
  EXPECT_EQ(node->log().next(), node->store().next());
  EXPECT_EQ(node->log().first(), 0u);
}

}  // namespace
}  // namespace keyfold::testing
