#include "gateway/api/ratelimit/limit_usage.h"

#include "gateway/api/elapsed.h"

namespace keyfold::api {

void record_limit(projections::UsageRecorder& usage, const Call& call, std::string_view namespace_id,
                  const LimitCheck& check, const LimitVerdict& verdict, std::int64_t duration_ms) {
  // Reused, so that its texts keep their memory.
  thread_local v1::RatelimitDecision record;
  record.mutable_request_id()->assign(call.request_id);
  record.set_time_ms(call.time_ms);
  record.mutable_workspace_id()->assign(call.workspace_id());
  record.mutable_namespace_id()->assign(namespace_id);
  record.mutable_identifier()->assign(check.identifier);
  record.set_passed(verdict.window.passed);
  record.set_latency_us(microseconds_since(call.started_ns));
  record.mutable_override_id()->assign(verdict.override_id);
  record.set_limit(verdict.limit);
  record.set_remaining(verdict.window.remaining);
  record.set_reset_ms(verdict.window.reset_ms);
  record.set_tokens(check.cost);
  record.set_duration_ms(duration_ms);
  usage.record(record);
}

}  // namespace keyfold::api
