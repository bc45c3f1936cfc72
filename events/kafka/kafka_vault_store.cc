#include "events/kafka/kafka_vault_store.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <thread>

#include "events/kafka/kafka_producer.h"
#include "events/kafka/kafka_reader.h"
#include "events/kafka/kafka_topic.h"

namespace keyfold::events {
namespace {

constexpr int kIdlePollMs = 100;

TopicSpec vault_topic(const std::string& name) {
  using Rule = TopicSetting::Rule;
  return {name,
          1,
          {{"cleanup.policy", "compact"},
           {"message.timestamp.type", "LogAppendTime"},
           {"segment.ms", "600000", Rule::kAtMost},
           {"max.compaction.lag.ms", "600000", Rule::kAtMost},
           {"min.cleanable.dirty.ratio", "0.01", Rule::kWhenMade},
           // A tombstone holds nothing but a name; readers that were away for longer begin anew.
           {"delete.retention.ms", "3600000", Rule::kWhenMade}}};
}

class VaultOnKafka final : public KafkaVaultStore {
 public:
  VaultOnKafka(const KafkaOptions& options, std::string topic, KafkaReader reader)
      : options_(options), topic_(std::move(topic)), reader_(std::move(reader)) {}

  ~VaultOnKafka() override {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }

  /// Reads all that the topic holds, then goes on in a thread.
  Status begin() {
    const auto range = reader_.offsets(0, Deadline(options_.connect_timeout_ms));
    if (!range) return tl::unexpected(range.error());
    next_offset_ = range->low;
    if (Status started = reader_.start({range->low}); !started) return started;
    for (Deadline deadline(options_.connect_timeout_ms); next_offset_ < range->high;) {
      const auto moved = follow();
      if (!moved) return tl::unexpected(moved.error());
      if (*moved == Moved::kYes) {
        deadline = Deadline(options_.connect_timeout_ms);
      } else if (deadline.is_over()) {
        return tl::unexpected(
            reader_.client().error(RD_KAFKA_RESP_ERR__TIMED_OUT, "the vault's entries can't be read from Kafka"));
      }
    }
    thread_ = std::thread([this] { run(); });
    return {};
  }

  Status put(std::string_view key, std::string_view value) override {
    return write(key, value.data() == nullptr ? std::string_view("") : value);
  }

  Result<std::string> get(std::string_view key) const override {
    for (int times = 0;; ++times) {
      {
        const std::lock_guard lock(mutex_);
        const auto found = entries_.find(key);
        if (found != entries_.end()) return found->second;
      }
      if (times > 0) return fail(ErrorCode::kNotFound, "there is no such erasable entry");
      if (const Status reached = reach_end(); !reached) return tl::unexpected(reached.error());
    }
  }

  Status erase(std::string_view key) override { return write(key, {}); }

  Result<std::vector<std::pair<std::string, std::string>>> list(std::string_view prefix, std::string_view from,
                                                                std::size_t entries_max) const override {
    if (const Status reached = reach_end(); !reached) return tl::unexpected(reached.error());
    std::vector<std::pair<std::string, std::string>> entries;
    const std::lock_guard lock(mutex_);
    for (auto at = entries_.lower_bound(std::max(prefix, from)); at != entries_.end(); ++at) {
      if (!at->first.starts_with(prefix) || entries.size() == entries_max) break;
      entries.emplace_back(*at);
    }
    return entries;
  }

 private:
  enum class Moved { kNo, kYes };

  /// No data pointer: a tombstone.
  Status write(std::string_view key, std::string_view value) {
    const std::lock_guard one_at_a_time(write_mutex_);
    const Deadline deadline(options_.append_timeout_ms);
    if (!producer_) {
      auto made = KafkaProducer::make(options_, topic_, 0, deadline);
      if (!made) return tl::unexpected(made.error());
      producer_ = *std::move(made);
    }
    producer_->begin();
    Status written = producer_->send(key, value, {}, deadline);
    if (written) written = confirm(deadline);
    // What is still under way must not be sent any more.
    if (!written) producer_.reset();
    return written;
  }

  Status confirm(const Deadline& deadline) {
    const KafkaProducer::Delivery& delivery = producer_->delivery();
    while (delivery.pending > 0 && !deadline.is_over()) producer_->flush(deadline.left_ms());
    const std::string unknown = "it is not known whether an erasable entry was written";
    if (delivery.error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return fail(ErrorCode::kUnknownOutcome, producer_->error(unknown).what, topic_, "do it again");
    }
    if (delivery.pending == 0) {
      if (delivery.offset_unknown) return reach_end();
      if (wait_for(delivery.last_offset + 1, deadline)) return {};
    }
    return fail(ErrorCode::kUnknownOutcome, unknown + ": Kafka did not answer in time", topic_, "do it again");
  }

  /// Reads to where the topic ends now, so that what another process wrote is seen.
  Status reach_end() const {
    const Deadline deadline(options_.append_timeout_ms);
    const auto range = reader_.offsets(0, deadline);
    if (!range) return tl::unexpected(range.error());
    if (wait_for(range->high, deadline)) return {};
    return tl::unexpected(
        reader_.client().error(RD_KAFKA_RESP_ERR__TIMED_OUT, "the vault's entries can't be read from Kafka"));
  }

  bool wait_for(std::int64_t next_offset, const Deadline& deadline) const {
    std::unique_lock lock(mutex_);
    return moved_.wait_until(lock, deadline.end(), [&] { return next_offset_ >= next_offset; });
  }

  Result<Moved> follow() {
    const auto message = reader_.poll(kIdlePollMs);
    if (!message) return tl::unexpected(message.error());
    if (!*message) return Moved::kNo;
    const rd_kafka_message_t& record = **message;
    {
      const std::lock_guard lock(mutex_);
      if (record.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        next_offset_ = std::max(next_offset_, record.offset);
      } else {
        apply(record);
        next_offset_ = record.offset + 1;
      }
    }
    moved_.notify_all();
    return Moved::kYes;
  }

  void apply(const rd_kafka_message_t& record) {
    if (record.key == nullptr) return;
    std::string key(static_cast<const char*>(record.key), record.key_len);
    if (record.payload == nullptr) {
      entries_.erase(key);
    } else {
      entries_[std::move(key)].assign(static_cast<const char*>(record.payload), record.len);
    }
  }

  void run() {
    while (!stopping_) {
      const auto moved = follow();
      if (moved) continue;
      if (moved.error().code == ErrorCode::kDataLoss) {
        std::fprintf(stderr, "keyfold: fatal: %s\n", moved.error().to_string().c_str());
        std::abort();
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(kIdlePollMs));
    }
  }

  const KafkaOptions options_;
  const std::string topic_;
  KafkaReader reader_;

  mutable std::mutex mutex_;
  mutable std::condition_variable moved_;
  std::map<std::string, std::string, std::less<>> entries_;
  std::int64_t next_offset_ = 0;

  std::mutex write_mutex_;
  std::unique_ptr<KafkaProducer> producer_;

  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<KafkaVaultStore>> KafkaVaultStore::open(const KafkaOptions& options) {
  const std::string topic = options.topic_prefix + ".vault";
  const auto facts = ensure_topic(options, vault_topic(topic));
  if (!facts) return tl::unexpected(facts.error());
  auto reader = KafkaReader::make(options, topic);
  if (!reader) return tl::unexpected(reader.error());
  auto store = std::make_unique<VaultOnKafka>(options, topic, *std::move(reader));
  if (const Status begun = store->begin(); !begun) return tl::unexpected(begun.error());
  return store;
}

}  // namespace keyfold::events
