#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "events/kafka/kafka_client.h"

namespace keyfold::events {

/// Reads a topic's partitions from given offsets on, outside any group. `poll` belongs to one thread; the others are
/// thread-safe.
class KafkaReader {
 public:
  [[nodiscard]] static Result<KafkaReader> make(const KafkaOptions& options, std::string topic);

  [[nodiscard]] Result<OffsetRange> offsets(std::uint32_t partition, const Deadline& deadline) const {
    return client_->offsets(topic_, partition, deadline);
  }
  /// The same as of the last answer of the partition's leader; -1 when there was none yet.
  [[nodiscard]] std::int64_t known_high(std::uint32_t partition) const;

  /// Begins with the offset of each partition.
  [[nodiscard]] Status start(const std::vector<std::int64_t>& offsets);
  /// Waits for the next record, or end of a partition: a message with the error _PARTITION_EOF and the offset that
  /// comes next there. Nothing when the time is over, or for an error that librdkafka goes on after by itself.
  /// kDataLoss when the topic doesn't hold the wanted offset.
  [[nodiscard]] Result<KafkaMessage> poll(int timeout_ms);

  [[nodiscard]] const KafkaClient& client() const { return *client_; }

 private:
  KafkaReader(std::unique_ptr<KafkaClient> client, std::string topic)
      : client_(std::move(client)), topic_(std::move(topic)) {}
  std::unique_ptr<KafkaClient> client_;
  std::string topic_;
};

}  // namespace keyfold::events
