#include "tests/kafka/kafka_broker.h"
#include "tests/kafka/kafka_fixture.h"

namespace keyfold::events {
namespace {

using testing::all_records;
using testing::append_events;
using testing::expected_key_ids;
using testing::read_key_ids;

constexpr std::uint32_t kPartitions = 3;

TEST(KafkaReplicas, NothingIsLostWhenAnyBrokerDies) {
  const testing::TemporaryDirectory directory;
  const keyfold::testing::KafkaBroker brokers(directory.path() / "brokers", {.brokers = 3});
  KafkaOptions options = testing::kafka_options("keyfold");
  options.brokers = brokers.addresses();
  const auto open = [&](const std::string& name, std::uint32_t partitions) {
    return KafkaLog::open({.kafka = options, .directory = directory.path() / name, .partitions = partitions});
  };
  const auto log = open("a", kPartitions);
  ASSERT_TRUE(log) << log.error().to_string();
  for (PartitionId p = 0; p < kPartitions; ++p) ASSERT_TRUE(append_events(**log, p, 10));
  // One of them has its leader there.
  brokers.kill(1);
  for (int times = 0; times < 5; ++times) {
    for (PartitionId p = 0; p < kPartitions; ++p) {
      const Status appended = append_events(**log, p, 10);
      ASSERT_TRUE(appended) << appended.error().to_string();
    }
  }
  // The copy of a process that comes later, from the two that are left.
  const auto other = open("b", 0);
  ASSERT_TRUE(other) << other.error().to_string();
  for (PartitionId p = 0; p < kPartitions; ++p) {
    EXPECT_EQ(read_key_ids(**other, p), expected_key_ids(60));
    EXPECT_EQ(all_records(**other, p), all_records(**log, p));
  }
}

TEST(KafkaReplicas, MoreThanAreThereAreRefused) {
  const testing::TemporaryDirectory directory;
  KafkaLogOptions options{.kafka = testing::kafka_options(testing::new_topic_prefix()), .partitions = 1};
  options.directory = directory.path() / "a";
  ASSERT_TRUE(KafkaLog::open(options));
  options.kafka.replication_factor = 3;
  const auto log = KafkaLog::open(options);
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_NE(log.error().what.find("has 1 replicas, but 3 are configured"), std::string::npos) << log.error().what;
  options.kafka.topic_prefix = testing::new_topic_prefix();
  EXPECT_EQ(KafkaLog::open(options).error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace keyfold::events
