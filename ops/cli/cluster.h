#pragma once

#include <prometheus/metric_family.h>

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

/// Why this node should get no requests: a partition that it can't follow any more.
[[nodiscard]] Status check_replicas(const actors::Runtime& runtime);

/// Prints the status that the server of the data directory gives. kFailedPrecondition when none runs, or it is alone.
[[nodiscard]] Status print_cluster_status(const v1::Config& config, Output output, std::ostream& out);

}  // namespace keyfold::ops
