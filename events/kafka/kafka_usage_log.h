#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "events/kafka/kafka_options.h"
#include "events/usage_log.h"

namespace keyfold::events {

struct KafkaUsageLogOptions {
  KafkaOptions kafka;
  std::filesystem::path directory;            // of this node's copy
  std::string node;                           // this node's name, told to consumers
  std::int64_t retention_ms = 7'776'000'000;  // of a topic that is made
  std::int64_t append_timeout_ms = 2'000;
};

/// Called with another node's batch, in order, on a thread of the log; must not block. The batch is reused.
using UsageListener = std::function<void(Sequence, const v1::UsageBatch&)>;

/// The usage stream of several nodes: the topic `PREFIX.usage`, which has one partition and is kept for a limited time.
/// A batch's sequence is its offset. A thread copies the topic, everybody's batches, into an embedded stream of this
/// node; reads, `wait` and `drop_before` are of that copy, so that Kafka out of reach stops nothing but appends.
///
/// `append` returns when the brokers have the batch and the copy too, after `append_timeout_ms` at the latest; after a
/// failed one the next fail at once for a second. A batch whose append failed with kUnavailable may be on the stream
/// all the same.
class KafkaUsageLog : public UsageLog {
 public:
  /// Makes or checks the topic, and returns when the copy has reached its end. Refused, with what to do: a topic with
  /// other settings, a directory that is no copy of this topic, a copy that is ahead of it. kUnavailable when the
  /// cluster is out of reach for `connect_timeout_ms`.
  [[nodiscard]] static Result<std::unique_ptr<KafkaUsageLog>> open(KafkaUsageLogOptions options);

  /// Tells the listener every batch from `from` on that this object did not append: those of other nodes, and those of
  /// this node before it was started again. Each once, in order; returns when it has heard what the copy holds. Whoever
  /// has counted everything below `from` and what was recorded here since then counts nothing twice and misses nothing.
  /// Once, before the first append.
  [[nodiscard]] virtual Status listen(Sequence from, UsageListener listener) = 0;
  /// The listener is not called after it has returned. Safe to repeat.
  virtual void stop_listening() = 0;
};

}  // namespace keyfold::events
