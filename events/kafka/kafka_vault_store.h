#pragma once

#include <memory>

#include "events/kafka/kafka_options.h"
#include "events/log.h"

namespace keyfold::events {

/// Erasable entries in the compacted topic `<prefix>.vault`, all of them in memory too. Thread-safe.
///
/// `put` and `erase` return when all in-sync replicas hold the change and this process has read it back. kUnavailable:
/// it was not sent; kUnknownOutcome: it may take effect at any later moment. What other processes put is found by
/// `get`, which reads to the topic's end before it says kNotFound, and by `list`; a change or erasure of theirs reaches
/// this process within moments. An erased entry's bytes vanish from the brokers when they compact the topic: its
/// settings ask for that within ten minutes.
class KafkaVaultStore : public ErasableStore {
 public:
  /// Makes the topic when it is missing, and reads all of it. Refuses one whose settings keep what is erased.
  [[nodiscard]] static Result<std::unique_ptr<KafkaVaultStore>> open(const KafkaOptions& options);
};

}  // namespace keyfold::events
