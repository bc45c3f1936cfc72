#include <thread>

#include "events/kafka/kafka_membership.h"
#include "events/kafka/kafka_vault_store.h"
#include "tests/kafka/kafka_broker.h"
#include "tests/kafka/kafka_fixture.h"

namespace keyfold::events {
namespace {

using keyfold::testing::KafkaBroker;
using testing::all_records;
using testing::append_events;
using testing::make_append;
using testing::open_partition;

/// A broker for each test alone, which may stop it.
class KafkaOutageTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<KafkaLog>> try_open(const std::string& name) {
    return KafkaLog::open({.kafka = options_, .directory = directory_.path() / name, .partitions = 1});
  }
  std::unique_ptr<KafkaLog> open(const std::string& name) {
    auto log = try_open(name);
    if (!log) throw std::runtime_error(log.error().to_string());
    return *std::move(log);
  }
  /// Opens the partition again until the brokers take it, as an owner does after an unknown outcome.
  static void open_next_epoch(Log& log) {
    const std::uint64_t epoch = log.tail(0).epoch;
    for (std::uint64_t tries = 1; !open_partition(log, 0, epoch + tries);) ++tries;
  }

  testing::TemporaryDirectory directory_;
  KafkaBroker broker_{directory_.path() / "broker"};
  KafkaOptions options_ = [this] {
    KafkaOptions options = testing::kafka_options("keyfold");
    options.brokers = broker_.addresses();
    return options;
  }();
};

TEST_F(KafkaOutageTest, AppendThatTimesOutIsDecidedByTheNextEpoch) {
  options_.append_timeout_ms = 1'000;
  const auto log = open("a");
  while (!append_events(*log, 0, 1)) open_next_epoch(*log);
  open_next_epoch(*log);
  ChainState state = log->tail(0);
  const Append append = make_append(0, state, 2);
  broker_.pause();
  const Status status = log->append({&append, 1});
  broker_.resume();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kUnknownOutcome);
  EXPECT_GE(log->stats().appends_unknown, 1u);
  // What was on its way may land now. Once a higher epoch is open the answer stands.
  open_next_epoch(*log);
  const auto decided = all_records(*log, 0);
  ASSERT_TRUE(append_events(*log, 0, 1));
  EXPECT_EQ(all_records(*open("b"), 0), all_records(*log, 0));
  const auto later = all_records(*log, 0);
  EXPECT_TRUE(std::equal(decided.begin(), decided.end(), later.begin()));
}

TEST_F(KafkaOutageTest, LogGoesOnWhenTheBrokerIsBack) {
  const auto log = open("a");
  ASSERT_TRUE(append_events(*log, 0, 3));
  broker_.stop();
  EXPECT_EQ(all_records(*log, 0).size(), 3u);
  broker_.start();
  ASSERT_TRUE(append_events(*log, 0, 2));
  EXPECT_EQ(all_records(*open("b"), 0).size(), 5u);
}

TEST_F(KafkaOutageTest, ClusterOutOfReachIsNamedInTime) {
  broker_.stop();
  options_.connect_timeout_ms = 1'000;
  const auto log = try_open("a");
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(log.error().where, broker_.addresses());
  EXPECT_NE(log.error().what.find("Connection refused"), std::string::npos) << log.error().what;
  EXPECT_EQ(KafkaVaultStore::open(options_).error().code, ErrorCode::kUnavailable);
}

TEST_F(KafkaOutageTest, AppendBeforeAnythingCouldBeSentIsUnavailable) {
  options_.append_timeout_ms = 1'000;
  const auto log = open("a");
  broker_.stop();
  EXPECT_EQ(append_events(*log, 0, 1).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(log->stats().appends_unsent, 1u);
}

TEST_F(KafkaOutageTest, GroupIsLeftWithoutABroker) {
  const auto membership = KafkaMembership::make(options_).value();
  ASSERT_TRUE(membership->join({[](const auto&) {}, [](const auto&) {}}));
  broker_.stop();
  membership->leave();
}

}  // namespace
}  // namespace keyfold::events
