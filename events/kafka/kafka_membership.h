#pragma once

#include <memory>

#include "events/kafka/kafka_options.h"
#include "events/shared_log.h"

namespace keyfold::events {

/// Shares the partitions of `<prefix>.events` out by Kafka's group `<prefix>`, cooperatively: only those that change
/// hands are told of, as they come and go. It reads no record. `leave` must not be called by the listener.
class KafkaMembership : public Membership {
 public:
  /// kInvalidArgument for wrong properties. The topic must exist; joining goes on until the cluster can be reached.
  [[nodiscard]] static Result<std::unique_ptr<KafkaMembership>> make(const KafkaOptions& options);
};

}  // namespace keyfold::events
