#pragma once

#include <memory>

#include "actors/runtime.h"
#include "events/kafka/kafka_log.h"
#include "events/log.h"
#include "events/usage_log.h"
#include "gateway/api/access_log.h"
#include "gateway/http/server.h"
#include "projections/audit_follower.h"
#include "projections/audit_store.h"
#include "projections/projections.h"
#include "projections/sliding_windows.h"
#include "projections/usage_recorder.h"
#include "schemas/base/clock.h"

namespace prometheus {
class Collectable;
}

namespace keyfold::ops {

struct NodeMetricsSources {
  const events::Log& log;
  const projections::Projections& projections;
  const actors::Runtime& runtime;
  const http::Server& server;
  const api::AccessLog& access_log;
  const projections::SlidingWindows& windows;
  const events::UsageLog& usage_log;
  const projections::UsageRecorder& usage;
  const Clock& clock;
  const projections::AuditStore& audit;
  const projections::AuditFollower& audit_follower;
  const events::KafkaLog* kafka = nullptr;  // with a cluster
};

/// Metrics of the process, listener, write path, log, read models, rate limits, usage, audit store and access log,
/// gathered when they are asked for. The sources outlive the result. Thread-safe.
[[nodiscard]] std::shared_ptr<prometheus::Collectable> make_node_metrics(NodeMetricsSources sources);

}  // namespace keyfold::ops
