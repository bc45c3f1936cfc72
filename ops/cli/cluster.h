#pragma once

#include <prometheus/metric_family.h>

#include <atomic>
#include <chrono>
#include <iosfwd>
#include <nlohmann/json.hpp>
#include <vector>

#include "actors/runtime.h"
#include "events/kafka/kafka_log.h"
#include "keyfold/v1/config.pb.h"
#include "ops/cli/client_commands.h"

// A cluster as one of its nodes sees it.
namespace keyfold::ops {

/// {"node": {"id", "address"}, "nodes": [{"id", "address", "partitions": [..]}], "partitions": [{"partition", "owner",
/// "epoch", "role", "next", "lag", "waiting", "takeovers", "fenced", "failure"?}]}. `nodes` are this one and those that
/// own a partition; `lag` counts records on the brokers that this node has not read.
[[nodiscard]] nlohmann::ordered_json cluster_status(const actors::Runtime& runtime, const events::KafkaLog& log);

/// The same as metrics.
[[nodiscard]] std::vector<prometheus::MetricFamily> cluster_metrics(const actors::Runtime& runtime,
                                                                    const events::KafkaLog& log);

/// Says whether a node should get requests. Thread-safe.
class ClusterReadiness {
 public:
  /// Both outlive it. `lag_ms_max`: how long the brokers may be out of reach.
  ClusterReadiness(const actors::Runtime& runtime, const events::KafkaLog& log, std::int64_t lag_ms_max)
      : runtime_(runtime), log_(log), lag_max_(lag_ms_max) {}
  /// Why not: a partition that can't be followed any more, or brokers that have not answered for too long, so that this
  /// node may show what is long past. Asks the brokers, for up to a second.
  [[nodiscard]] Status check();

 private:
  const actors::Runtime& runtime_;
  const events::KafkaLog& log_;
  const std::chrono::milliseconds lag_max_;
  std::atomic<std::chrono::steady_clock::time_point> reached_at_ = std::chrono::steady_clock::now();
};

/// Prints the status that the server of the data directory gives. kFailedPrecondition when none runs, or it is alone.
[[nodiscard]] Status print_cluster_status(const v1::Config& config, Output output, std::ostream& out);

}  // namespace keyfold::ops
