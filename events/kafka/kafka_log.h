#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "events/kafka/kafka_options.h"
#include "events/shared_log.h"

namespace keyfold::events {

struct KafkaLogOptions {
  KafkaOptions kafka;
  /// Of this process's copy.
  std::filesystem::path directory;
  /// Fixed when the topic is made; a different value later is refused. 0: as the topic has it.
  std::uint32_t partitions = 4;
  std::size_t wal_bytes_max = std::size_t{256} << 20;
  /// Told while the log opens, after each step: records read, and those to be read in all.
  std::function<void(std::uint64_t read, std::uint64_t total)> progress;
};

struct KafkaLogStats {
  std::uint64_t records_read = 0;      // from the topic
  std::uint64_t records_void = 0;      // of these, what counts never
  std::uint64_t records_appended = 0;  // by this process, accepted
  std::uint64_t appends_fenced = 0;
  std::uint64_t appends_unknown = 0;
  std::uint64_t appends_unsent = 0;  // refused, or the cluster was out of reach before anything was sent
  std::vector<std::uint64_t> lag;    // of each partition: records that the brokers hold and the copy lacks
};

/// The log on Kafka, topic `<prefix>.events`, one record an event in the form of CloudEvents (cloud_event.h). Each
/// process follows the topic into a copy of its own, from which it reads; a record is there when the copy has accepted
/// it. Thread-safe; appends to one partition come from one thread at a time.
///
/// `append` sends through an idempotent producer that waits for all in-sync replicas, and answers when the copy has
/// judged the records. Beyond what SharedLog says: kInvalidArgument for several partitions at once; kUnavailable when
/// the cluster was out of reach before anything was sent.
///
/// Refuses to open, with what to do: a topic with other settings or another number of partitions; a topic that lost
/// records; a copy of another topic. Void records are skipped and counted.
class KafkaLog : public SharedLog {
 public:
  /// Makes topic and copy when they are missing, and reads to the topic's end.
  [[nodiscard]] static Result<std::unique_ptr<KafkaLog>> open(KafkaLogOptions options);
  [[nodiscard]] virtual KafkaLogStats stats() const = 0;
  /// Whether the brokers answer within that time; kUnavailable when not. The copy then falls behind unnoticed.
  [[nodiscard]] virtual Status reach(std::int64_t timeout_ms) const = 0;
  /// Checks every record of the copy, as EmbeddedLog::verify_all does.
  [[nodiscard]] virtual Status verify_all() const = 0;
};

}  // namespace keyfold::events
