#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "schemas/base/result.h"

namespace keyfold::events {

enum class KafkaLogLevel { kError, kWarning, kInfo, kDebug };
/// Takes what the Kafka client says about itself; called on its threads, must not block.
using KafkaLogSink = std::function<void(KafkaLogLevel, std::string_view)>;

/// How to reach a Kafka cluster, and what its topics are called.
struct KafkaOptions {
  std::string brokers;  // host:port,host:port
  std::string topic_prefix = "keyfold";
  std::uint32_t replication_factor = 0;     // of topics; 0: as the brokers make them by default
  std::int64_t append_timeout_ms = 10'000;  // how long an append may take until its outcome counts as unknown
  std::int64_t connect_timeout_ms =
      30'000;                               // how long the cluster may be out of reach, or make no progress, at a start
  std::int64_t session_timeout_ms = 6'000;  // after which a process that says nothing loses its partitions
  /// Any option of librdkafka by its name (TLS, SASL, buffers); those that keyfold depends on are refused.
  std::map<std::string, std::string> properties;
  KafkaLogSink log;
};

/// The brokers of `kafka://host:port,host:port`; a port that is left out is 9092. kInvalidArgument for anything else.
[[nodiscard]] Result<std::string> brokers_of_url(std::string_view url);

}  // namespace keyfold::events
