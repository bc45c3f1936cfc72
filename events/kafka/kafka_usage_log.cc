#include "events/kafka/kafka_usage_log.h"

#include <atomic>

#include "events/embedded_usage_log.h"
#include "events/kafka/cloud_event.h"
#include "events/kafka/kafka_client.h"
#include "events/kafka/kafka_producer.h"
#include "events/kafka/kafka_topic.h"
#include "events/kafka/usage_copier.h"
#include "schemas/base/random.h"
#include "schemas/base/time_text.h"

namespace keyfold::events {
namespace {

/// After a failed append, until Kafka is tried again: what piles up meanwhile is refused at once.
constexpr std::chrono::seconds kPause{1};
constexpr int kWaitMs = 100;

TopicSpec spec_of(const KafkaUsageLogOptions& options) {
  using Rule = TopicSetting::Rule;
  return {.name = options.kafka.topic_prefix + ".usage",
          .partitions = 1,
          .settings = {{"cleanup.policy", "delete", Rule::kExactly},
                       {"message.timestamp.type", "LogAppendTime", Rule::kExactly},
                       {"retention.ms", std::to_string(options.retention_ms), Rule::kWhenMade}}};
}

class CopiedUsageLog final : public KafkaUsageLog {
 public:
  explicit CopiedUsageLog(KafkaUsageLogOptions options)
      : options_(std::move(options)), topic_(spec_of(options_).name), run_(make_id("run", 16)) {}

  Status begin() {
    const auto facts = ensure_topic(options_.kafka, spec_of(options_));
    if (!facts) return tl::unexpected(facts.error());
    auto copy = EmbeddedUsageLog::open(
        {.directory = options_.directory, .source = "the topic " + topic_ + " of the cluster " + facts->cluster_id});
    if (!copy) return tl::unexpected(copy.error());
    copy_ = *std::move(copy);
    auto copier = UsageCopier::start(options_, topic_, run_, *copy_);
    if (!copier) return tl::unexpected(copier.error());
    copier_ = *std::move(copier);
    return catch_up();
  }

  Status listen(Sequence from, UsageListener listener) override {
    if (is_listened_to_.exchange(true) || has_appended_) {
      return fail(ErrorCode::kFailedPrecondition, "who listens to usage must do so once, before the first append");
    }
    copier_->listen(from, std::move(listener));
    return {};
  }

  void stop_listening() override { copier_->stop_listening(); }

  Sequence first() const override { return copy_->first(); }
  Sequence next() const override { return copy_->next(); }

  Result<Sequence> append(std::int64_t time_ms, std::string_view batch) override {
    has_appended_ = true;
    if (std::chrono::steady_clock::now() < paused_until_) return tl::unexpected(pause_error_);
    auto appended = try_append(time_ms, batch);
    // Nothing more of it is sent; what was sent may still arrive.
    if (!appended) producer_.reset();
    if (!appended && appended.error().code == ErrorCode::kUnavailable) {
      paused_until_ = std::chrono::steady_clock::now() + kPause;
      pause_error_ = appended.error();
    }
    return appended;
  }

  Status sync() override { return copy_->sync(); }
  Result<Sequence> read(Sequence from, std::size_t max_batches, const UsageVisitor& visit) const override {
    return copy_->read(from, max_batches, visit);
  }
  bool wait(Sequence sequence, std::int64_t timeout_ms) const override { return copy_->wait(sequence, timeout_ms); }
  Result<Sequence> drop_before(std::int64_t time_ms) override { return copy_->drop_before(time_ms); }

 private:
  Status catch_up() const {
    Sequence reached = copy_->next();
    Deadline deadline(options_.kafka.connect_timeout_ms);
    while (copier_->end() > 0 && !copy_->wait(copier_->end() - 1, kWaitMs)) {
      if (copy_->next() > reached) deadline = Deadline(options_.kafka.connect_timeout_ms);
      reached = copy_->next();
      if (deadline.is_over()) {
        return fail(ErrorCode::kUnavailable,
                    "the topic \"" + topic_ + "\" was read up to " + std::to_string(reached) + " of " +
                        std::to_string(copier_->end()) + ", but no further",
                    options_.kafka.brokers, "check that the brokers run");
      }
    }
    return {};
  }

  Result<Sequence> try_append(std::int64_t time_ms, std::string_view batch) {
    const Deadline deadline(options_.append_timeout_ms);
    if (!producer_) {
      auto made = KafkaProducer::make(producer_options(), topic_, 0, deadline);
      if (!made) return tl::unexpected(made.error());
      producer_ = *std::move(made);
    }
    const Sequence before = copy_->next();
    producer_->begin();
    if (const Status sent = producer_->send({}, batch, headers_of(time_ms), deadline); !sent) {
      return tl::unexpected(sent.error());
    }
    const KafkaProducer::Delivery& delivery = producer_->delivery();
    while (delivery.pending > 0 && !deadline.is_over()) producer_->flush(deadline.left_ms());
    if (delivery.pending > 0) {
      return fail(ErrorCode::kUnavailable, "Kafka did not take usage in time", options_.kafka.brokers,
                  "check that the brokers run");
    }
    if (delivery.error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return tl::unexpected(producer_->error("usage can't be written to the topic \"" + topic_ + "\""));
    }
    if (!delivery.all_at_known_offsets()) {
      return fail(ErrorCode::kUnavailable, "usage was written, but its place is not known", topic_);
    }
    const auto sequence = static_cast<Sequence>(delivery.last_offset);
    if (sequence < before) {
      return fail(ErrorCode::kDataLoss, "the topic \"" + topic_ + "\" has lost usage that this node has copied",
                  options_.directory, "start keyfold anew: it says what to do");
    }
    // Who has the sequence may read it; and what the read models have seen survives the process as they do.
    if (copy_->wait(sequence, deadline.left_ms())) return sequence;
    return fail(ErrorCode::kUnavailable, "usage was written, but could not be read back in time",
                topic_ + " at " + std::to_string(sequence), "check the brokers, and this node's disk");
  }

  KafkaOptions producer_options() const {
    KafkaOptions options = options_.kafka;
    options.append_timeout_ms = options_.append_timeout_ms;
    if (!options.properties.contains("compression.codec")) options.properties.try_emplace("compression.type", "lz4");
    return options;
  }

  /// The attributes of CloudEvents 1.0 in its binary mode, and whose batch it is.
  CloudEventHeaders headers_of(std::int64_t time_ms) {
    return {{"ce_specversion", "1.0"},          {"ce_id", run_ + "/" + std::to_string(++produced_)},
            {"ce_source", "/keyfold/usage"},    {"ce_type", "keyfold.v1.UsageBatch"},
            {"ce_time", to_time_text(time_ms)}, {"content-type", "application/protobuf"},
            {"keyfold-node", options_.node},    {kUsageRunHeader, run_}};
  }

  const KafkaUsageLogOptions options_;
  const std::string topic_;
  const std::string run_;  // names this object's records
  std::unique_ptr<EmbeddedUsageLog> copy_;
  std::unique_ptr<UsageCopier> copier_;  // after the copy: it ends first
  std::atomic<bool> is_listened_to_{false};
  std::atomic<bool> has_appended_{false};

  // The appending thread's.
  std::unique_ptr<KafkaProducer> producer_;
  std::uint64_t produced_ = 0;
  std::chrono::steady_clock::time_point paused_until_;
  Error pause_error_;
};

}  // namespace

Result<std::unique_ptr<KafkaUsageLog>> KafkaUsageLog::open(KafkaUsageLogOptions options) {
  auto log = std::make_unique<CopiedUsageLog>(std::move(options));
  if (const Status begun = log->begin(); !begun) return tl::unexpected(begun.error());
  return log;
}

}  // namespace keyfold::events
