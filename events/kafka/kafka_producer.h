#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "events/kafka/cloud_event.h"
#include "events/kafka/kafka_client.h"

namespace keyfold::events {

/// An idempotent producer of one partition of a topic: what it sends lands once and in order, acknowledged by all
/// replicas that are in sync. Nothing of it is thread-safe. Destroying it sends nothing more.
class KafkaProducer {
 public:
  /// What is known about the records sent since the last `begin`.
  struct Delivery {
    std::uintptr_t round = 0;  // of `begin`: news of an earlier one doesn't count
    std::size_t pending = 0;
    std::int64_t last_offset = -1;  // the highest that was acknowledged
    bool offset_unknown = false;    // of an acknowledged record, which a broker may leave out after a repeat
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;  // the first failure: the outcome is unknown

    [[nodiscard]] bool all_at_known_offsets() const {
      return pending == 0 && !offset_unknown && error == RD_KAFKA_RESP_ERR_NO_ERROR;
    }
  };

  /// Returns when the partition's leader is known; kUnavailable when it is not in time.
  [[nodiscard]] static Result<std::unique_ptr<KafkaProducer>> make(const KafkaOptions& options,
                                                                   const std::string& topic, std::uint32_t partition,
                                                                   const Deadline& deadline);

  /// Begins another round; an earlier one may still be without its answers, which are then ignored.
  void begin() { *delivery_ = {.round = delivery_->round + 1}; }
  /// Hands a record over; a null `value` data pointer makes a tombstone. Waits while the client's buffer is full.
  [[nodiscard]] Status send(std::string_view key, std::string_view value, const CloudEventHeaders& headers,
                            const Deadline& deadline);
  /// Sends what was handed over, all together, and takes in what became of it: returns when nothing is under way any
  /// more, at the latest when the time is over.
  void flush(int timeout_ms) { rd_kafka_flush(client_->get(), timeout_ms); }
  [[nodiscard]] const Delivery& delivery() const { return *delivery_; }
  [[nodiscard]] Error error(std::string what) const { return client_->error(delivery_->error, std::move(what)); }

 private:
  KafkaProducer() = default;
  std::unique_ptr<Delivery> delivery_ = std::make_unique<Delivery>();
  std::unique_ptr<KafkaClient> client_;
  KafkaTopic topic_;
  std::int32_t partition_ = 0;
};

/// The largest record that keyfold sends, with room for its header, attributes and Kafka's framing.
inline constexpr std::size_t kKafkaRecordBytesMax = std::size_t{17} << 20;

}  // namespace keyfold::events
