#pragma once

#include <memory>

#include "actors/runtime.h"
#include "events/log.h"
#include "gateway/api/access_log.h"
#include "gateway/http/server.h"
#include "projections/projections.h"
#include "projections/sliding_windows.h"

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
};

/// Metrics of the process, listener, write path, log, read models, access log and rate limits, gathered when they are
/// asked for. The sources outlive the result. Thread-safe.
[[nodiscard]] std::shared_ptr<prometheus::Collectable> make_node_metrics(NodeMetricsSources sources);

}  // namespace keyfold::ops
