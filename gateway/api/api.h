#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "actors/audit/audit_logs.h"
#include "actors/runtime.h"
#include "actors/vault/vault.h"
#include "gateway/http/message.h"
#include "gateway/http/server.h"
#include "gateway/subscriptions/outgoing_url.h"
#include "projections/audit_store.h"
#include "projections/projections.h"
#include "projections/sliding_windows.h"
#include "projections/usage_recorder.h"
#include "projections/usage_store.h"
#include "schemas/base/clock.h"

namespace keyfold::projections {
class AsOf;
}
namespace keyfold::subscriptions {
class Hub;
}

namespace keyfold::api {

class AccessLog;
class Metrics;

/// What webhooks may be made.
struct WebhookSettings {
  subscriptions::OutgoingPolicy targets;
  std::uint32_t webhooks_max = 100;  // of a workspace
};

/// What the endpoints stand on. All outlive the Api.
struct Services {
  const projections::Projections& projections;
  actors::Runtime& runtime;
  actors::Vault& vault;
  const Clock& clock;
  Metrics& metrics;
  AccessLog& access_log;
  projections::SlidingWindows& windows;  // the counts of all rate limits
  projections::UsageRecorder& usage;
  const projections::UsageStore& usage_store;
  std::int64_t usage_retention_days;
  subscriptions::Hub& subscriptions;
  const events::Log& log;
  projections::AsOf& as_of;
  const projections::AuditStore& audit;  // a moment behind the log
  const actors::AuditLogs& audit_logs;
  bool audit_is_public;  // whether checkpoints and tiles are for everybody
  WebhookSettings webhooks;
};

/// The REST API as one function from request to answer. Thread-safe.
class Api {
 public:
  explicit Api(Services services);
  ~Api();
  [[nodiscard]] std::optional<http::Response> handle(const http::Request& request, http::Exchange& exchange);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The error envelope for what the listener itself refuses (413, 408, ...), as http::ErrorRenderer wants it.
[[nodiscard]] http::Response render_listener_error(int status, std::string_view reason);

}  // namespace keyfold::api
