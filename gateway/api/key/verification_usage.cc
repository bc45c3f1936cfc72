#include "gateway/api/key/verification_usage.h"

#include "gateway/api/elapsed.h"

namespace keyfold::api {
namespace {

void assign(std::string* field, std::string_view text) { field->assign(text); }

}  // namespace

void record_verification(projections::UsageRecorder& usage, const VerificationContext& context, const Verdict& verdict,
                         std::int64_t spent_credits) {
  if (verdict.code == VerifyCode::kNotFound) return;
  // Reused, so that its texts keep their memory.
  thread_local v1::Verification record;
  assign(record.mutable_request_id(), context.request_id);
  record.set_time_ms(context.time_ms);
  assign(record.mutable_workspace_id(), context.workspace_id);
  assign(record.mutable_keyspace_id(), verdict.keyspace_id);
  assign(record.mutable_key_id(), verdict.key_id);
  assign(record.mutable_identity_id(), verdict.identity_id);
  assign(record.mutable_external_id(), verdict.external_id);
  assign(record.mutable_outcome(), to_string(verdict.code));
  record.clear_tags();
  for (const std::string_view tag : context.tags) record.add_tags(tag.data(), tag.size());
  record.set_spent_credits(spent_credits);
  record.set_latency_us(microseconds_since(context.started_ns));
  usage.record(record);
}

}  // namespace keyfold::api
