#pragma once

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "events/kafka/kafka_options.h"

// What every user of librdkafka in this folder shares. Its types stay inside this folder.
namespace keyfold::events {

/// A span of time that runs from its making.
class Deadline {
 public:
  explicit Deadline(std::int64_t ms) : end_(std::chrono::steady_clock::now() + std::chrono::milliseconds(ms)) {}
  /// Zero when it is over.
  [[nodiscard]] int left_ms() const;
  [[nodiscard]] bool is_over() const { return std::chrono::steady_clock::now() >= end_; }
  [[nodiscard]] std::chrono::steady_clock::time_point end() const { return end_; }

 private:
  std::chrono::steady_clock::time_point end_;
};

struct KafkaMessageDelete {
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
};
using KafkaMessage = std::unique_ptr<rd_kafka_message_t, KafkaMessageDelete>;

struct KafkaTopicDelete {
  void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
};
using KafkaTopic = std::unique_ptr<rd_kafka_topic_t, KafkaTopicDelete>;

struct KafkaPartitionsDelete {
  void operator()(rd_kafka_topic_partition_list_t* list) const { rd_kafka_topic_partition_list_destroy(list); }
};
using KafkaPartitions = std::unique_ptr<rd_kafka_topic_partition_list_t, KafkaPartitionsDelete>;

/// The offsets that a partition holds: from `low` up to, not including, `high`.
struct OffsetRange {
  std::int64_t low = 0;
  std::int64_t high = 0;
};

/// One producer or consumer of a cluster. Making one connects to nothing; destroying one sends and commits nothing
/// more. Thread-safe as librdkafka is; handlers run inside the calls that poll.
class KafkaClient {
 public:
  enum class Kind { kProducer, kConsumer };
  struct Handlers {
    std::function<void(const rd_kafka_message_t&)> delivered;  // a producer's record, or its failure
    std::function<void(rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t&)> rebalanced;
  };
  using Settings = std::vector<std::pair<std::string, std::string>>;

  /// `settings` are what this use needs, by librdkafka's names. kInvalidArgument, with librdkafka's own words, for a
  /// property of the options that doesn't exist, has a wrong value, or is keyfold's own to set.
  [[nodiscard]] static Result<std::unique_ptr<KafkaClient>> make(const KafkaOptions& options, Kind kind,
                                                                 const Settings& settings, Handlers handlers = {});
  ~KafkaClient();
  KafkaClient(const KafkaClient&) = delete;
  KafkaClient& operator=(const KafkaClient&) = delete;

  [[nodiscard]] rd_kafka_t* get() const { return client_; }
  [[nodiscard]] const std::string& brokers() const { return brokers_; }
  /// The topic's handle, for calls that need one.
  [[nodiscard]] Result<KafkaTopic> topic(const std::string& name) const;

  /// What a partition holds now. Asks again while the topic is unknown: when it was just made, some brokers learn of it
  /// a moment later than others.
  [[nodiscard]] Result<OffsetRange> offsets(const std::string& topic, std::uint32_t partition,
                                            const Deadline& deadline) const;

  /// A failed call as an error. When the cluster can't be reached it names the brokers, and why the last connection
  /// failed.
  [[nodiscard]] Error error(rd_kafka_resp_err_t code, std::string what) const;

 private:
  KafkaClient(const KafkaOptions& options, Handlers handlers)
      : brokers_(options.brokers), sink_(options.log), handlers_(std::move(handlers)) {}
  static void log(const rd_kafka_t* client, int level, const char* facility, const char* text);
  static void fail(rd_kafka_t* client, int code, const char* text, void* self);

  const std::string brokers_;
  const KafkaLogSink sink_;
  const Handlers handlers_;
  mutable std::mutex mutex_;
  std::string last_failure_;  // of a connection
  rd_kafka_t* client_ = nullptr;
};

/// What a caller can do about an error of librdkafka or a broker.
[[nodiscard]] ErrorCode to_error_code(rd_kafka_resp_err_t code);

}  // namespace keyfold::events
