#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "events/embedded_usage_log.h"
#include "events/kafka/kafka_client.h"
#include "events/kafka/kafka_usage_log.h"
#include "tests/kafka/kafka_broker.h"
#include "tests/kafka/kafka_fixture.h"
#include "tests/temporary_directory.h"

namespace keyfold::events {
namespace {

constexpr std::int64_t kPatienceMs = 60'000;

std::string batch_of(const std::string& request_id) {
  v1::UsageBatch batch;
  batch.add_verifications()->set_request_id(request_id);
  return batch.SerializeAsString();
}

/// Nodes that share one usage topic.
class KafkaUsageLogTest : public ::testing::Test {
 protected:
  [[nodiscard]] KafkaUsageLogOptions options(const std::string& node) const {
    KafkaUsageLogOptions options;
    options.kafka.brokers = brokers_;
    options.kafka.topic_prefix = prefix_;
    options.kafka.connect_timeout_ms = kPatienceMs;
    options.append_timeout_ms = kPatienceMs;
    options.directory = directory_.path() / node;
    options.node = node;
    return options;
  }
  [[nodiscard]] std::unique_ptr<KafkaUsageLog> open(const std::string& node) const {
    auto log = KafkaUsageLog::open(options(node));
    if (!log) throw std::runtime_error(log.error().to_string());
    return *std::move(log);
  }
  /// Batches PREFIX0, PREFIX1, ...
  static void fill(UsageLog& log, std::size_t batches, const std::string& prefix = "r") {
    for (std::size_t i = 0; i < batches; ++i) {
      const auto appended = log.append(0, batch_of(prefix + std::to_string(i)));
      ASSERT_TRUE(appended) << appended.error().to_string();
    }
  }
  static std::string read(const UsageLog& log) {
    std::string found;
    const auto next = log.read(0, 1'000, [&](Sequence sequence, const v1::UsageBatch& batch) {
      found += std::to_string(sequence) + (batch.verifications_size() > 0 ? batch.verifications(0).request_id() : "-");
      found += " ";
      return true;
    });
    return next ? found + std::to_string(*next) : next.error().to_string();
  }
  [[nodiscard]] std::string topic() const { return prefix_ + ".usage"; }
  void delete_before(std::int64_t offset) const { keyfold::testing::delete_records(brokers_, topic(), offset); }
  void write_transaction(std::string value) const {
    const auto client =
        KafkaClient::make(options("t").kafka, KafkaClient::Kind::kProducer, {{"transactional.id", prefix_}}).value();
    const auto handle = client->topic(topic()).value();
    ASSERT_EQ(rd_kafka_init_transactions(client->get(), kPatienceMs), nullptr);
    ASSERT_EQ(rd_kafka_begin_transaction(client->get()), nullptr);
    ASSERT_EQ(rd_kafka_produce(handle.get(), 0, RD_KAFKA_MSG_F_COPY, value.data(), value.size(), nullptr, 0, nullptr),
              0);
    ASSERT_EQ(rd_kafka_commit_transaction(client->get(), kPatienceMs), nullptr);
    // The commit is answered before its mark is on the topic.
    for (std::int64_t low = 0, high = 0; high < 2;) {
      ASSERT_EQ(rd_kafka_query_watermark_offsets(client->get(), topic().c_str(), 0, &low, &high, kPatienceMs),
                RD_KAFKA_RESP_ERR_NO_ERROR);
    }
  }

  keyfold::testing::TemporaryDirectory directory_;
  std::string brokers_ = testing::shared_brokers();
  std::string prefix_ = testing::new_topic_prefix();
};

/// What a listener heard; to be read when nobody writes any more.
struct Heard {
  UsageListener listener() {
    return [this](Sequence sequence, const v1::UsageBatch& batch) {
      text += std::to_string(sequence) + batch.verifications(0).request_id() + " ";
      reached = sequence + 1;
    };
  }
  void await(Sequence next) const {
    while (reached < next) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  std::string text;
  std::atomic<Sequence> reached{0};
};

TEST_F(KafkaUsageLogTest, GivesEveryNodeTheSameBatchesInTheSameOrder) {
  const auto a = open("a");
  const auto b = open("b");
  std::thread other([&] { fill(*b, 20, "b"); });
  fill(*a, 20, "a");
  other.join();
  ASSERT_TRUE(a->wait(39, kPatienceMs));
  ASSERT_TRUE(b->wait(39, kPatienceMs));
  EXPECT_EQ(read(*a), read(*b));
  EXPECT_EQ(a->next(), 40u);
}

TEST_F(KafkaUsageLogTest, HasReadBackWhatItAppended) {
  const auto log = open("a");
  EXPECT_EQ(log->append(0, batch_of("r")).value(), 0u);
  EXPECT_EQ(log->next(), 1u);
  EXPECT_EQ(read(*log), "0r 1");
}

TEST_F(KafkaUsageLogTest, TellsAListenerWhatOthersWrote) {
  const auto a = open("a");
  const auto b = open("b");
  Heard heard;
  ASSERT_TRUE(a->listen(0, heard.listener()));
  fill(*a, 1, "a");
  fill(*b, 2, "b");
  fill(*a, 1, "a");
  fill(*b, 1, "c");
  heard.await(5);
  EXPECT_EQ(heard.text, "1b0 2b1 4c0 ");
}

TEST_F(KafkaUsageLogTest, TellsAListenerWhatTheCopyHoldsFromThereOn) {
  fill(*open("a"), 2, "a");
  const auto b = open("b");
  fill(*b, 2, "b");
  const auto a = open("a");
  Heard heard;
  ASSERT_TRUE(a->listen(1, heard.listener()));
  EXPECT_EQ(heard.text, "1a1 2b0 3b1 ") << "what this node wrote before it was started again is told too";
}

TEST_F(KafkaUsageLogTest, TakesOneListenerBeforeTheFirstAppend) {
  const auto a = open("a");
  ASSERT_TRUE(a->listen(0, Heard().listener()));
  EXPECT_EQ(a->listen(0, Heard().listener()).error().code, ErrorCode::kFailedPrecondition);
  const auto b = open("b");
  fill(*b, 1);
  EXPECT_EQ(b->listen(0, Heard().listener()).error().code, ErrorCode::kFailedPrecondition);
}

TEST_F(KafkaUsageLogTest, BeginsWhereRetentionBegins) {
  fill(*open("a"), 10);
  delete_before(6);
  const auto late = open("late");
  EXPECT_EQ(late->first(), 6u);
  EXPECT_EQ(read(*late), "6r6 7r7 8r8 9r9 10");
}

TEST_F(KafkaUsageLogTest, SkipsWhatRetentionTookWhileItWasAway) {
  fill(*open("a"), 3);
  fill(*open("b"), 7, "b");
  delete_before(6);
  const auto a = open("a");
  EXPECT_EQ(a->first(), 6u);
  EXPECT_EQ(read(*a), "6b3 7b4 8b5 9b6 10");
}

TEST_F(KafkaUsageLogTest, GoesOnWhenRetentionTookEverything) {
  fill(*open("a"), 3);
  delete_before(3);
  const auto late = open("late");
  EXPECT_EQ(late->first(), 3u);
  EXPECT_EQ(late->next(), 3u);
  fill(*late, 1);
  EXPECT_EQ(read(*late), "3r0 4");
}

TEST_F(KafkaUsageLogTest, DropsOnlyFromItsCopy) {
  const auto a = open("a");
  fill(*a, 3);
  EXPECT_EQ(a->drop_before(std::numeric_limits<std::int64_t>::max()).value(), 2u);
  EXPECT_EQ(read(*a), "2r2 3");
  EXPECT_EQ(open("b")->first(), 0u);
}

TEST_F(KafkaUsageLogTest, RefusesTheDirectoryOfAnEmbeddedStream) {
  ASSERT_TRUE(EmbeddedUsageLog::open({.directory = directory_.path() / "a"}).value()->append(0, batch_of("r")));
  const auto refused = KafkaUsageLog::open(options("a"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kFailedPrecondition);
}

TEST_F(KafkaUsageLogTest, RefusesTheCopyOfAnotherTopic) {
  fill(*open("a"), 1);
  prefix_ = testing::new_topic_prefix();
  const auto refused = KafkaUsageLog::open(options("a"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_NE(refused.error().hint.find("move the usage"), std::string::npos);
}

TEST_F(KafkaUsageLogTest, TakesWhatIsNoBatchForAnEmptyOne) {
  const auto log = open("a");
  fill(*log, 1);
  testing::write_raw(topic(), {0, 0, {Record{"", "no batch"}}});
  fill(*log, 1);
  EXPECT_EQ(read(*log), "0r0 1- 2r0 3");
}

TEST_F(KafkaUsageLogTest, TakesOffsetsWithoutARecordForEmptyBatches) {
  const auto log = open("a");
  write_transaction(batch_of("t"));  // its end takes an offset
  fill(*log, 1);
  EXPECT_EQ(read(*log), "0t 1- 2r0 3");
}

TEST_F(KafkaUsageLogTest, RefusesATopicThatLostWhatItCopied) {
  auto impatient = options("a");
  impatient.append_timeout_ms = 2'000;
  auto log = KafkaUsageLog::open(impatient).value();
  fill(*log, 3);
  testing::delete_topic(topic());
  testing::make_topic(topic(), 1, {{"message.timestamp.type", "LogAppendTime"}});
  // Whether the brokers' answer or the offset tells: nothing of the new topic passes for the old one's.
  EXPECT_FALSE(log->append(0, batch_of("r")));
  log.reset();
  const auto refused = KafkaUsageLog::open(options("a"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_NE(refused.error().hint.find("move the usage"), std::string::npos);
}

TEST_F(KafkaUsageLogTest, SaysThatKafkaIsOutOfReach) {
  brokers_ = "127.0.0.1:1";
  auto impatient = options("a");
  impatient.kafka.connect_timeout_ms = 100;
  EXPECT_EQ(KafkaUsageLog::open(impatient).error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace keyfold::events
