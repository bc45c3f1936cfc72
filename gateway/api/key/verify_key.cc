#include "gateway/api/key/endpoints.h"
#include "gateway/api/key/verification.h"
#include "gateway/api/key/verification_usage.h"
#include "gateway/api/metrics.h"
#include "gateway/api/mutation.h"

namespace keyfold::api {
namespace {

// Nothing when the outcome is no answer of a verification but a refusal.
std::optional<VerifyCode> code_of(const actors::Outcome& outcome) {
  if (outcome) return VerifyCode::kValid;
  switch (outcome.error().code) {
    case actors::RejectionCode::kCreditsExceeded:
      return VerifyCode::kUsageExceeded;
    case actors::RejectionCode::kKeyNotFound:
    case actors::RejectionCode::kWorkspaceNotFound:
      return VerifyCode::kNotFound;
    case actors::RejectionCode::kKeyDisabled:
      return VerifyCode::kDisabled;
    case actors::RejectionCode::kKeyExpired:
      return VerifyCode::kExpired;
    default:
      return std::nullopt;
  }
}

std::optional<std::int64_t> balance_after(const actors::Outcome& outcome) {
  if (outcome) return outcome->credits_remaining;
  if (outcome.error().code != actors::RejectionCode::kCreditsExceeded) return std::nullopt;
  return outcome.error().credits_remaining;
}

void record(const Call& call, const Services& services, const VerifyRequest& request, const Verdict& verdict,
            std::int64_t spent_credits) {
  services.metrics.count_verification(static_cast<std::size_t>(verdict.code));
  record_verification(services.usage,
                      {call.request_id, call.workspace_id(), call.time_ms, call.started_ns, request.tags}, verdict,
                      spent_credits);
}

std::string answer_json(const Verdict& verdict) {
  std::string json;
  append_answer(json, verdict);
  return json;
}

/// Spends what a valid verification costs, maybe nothing, and makes the answer.
Plan spend(const Call& call, const Services& services, const VerifyRequest& request, const Verdict& verdict) {
  const projections::KeyIndex& keys = services.projections.keys(call.principal->partition);
  const Digest hash = sha256(request.key);
  const std::int64_t cost = verdict.must_spend ? request.cost : 0;
  Plan plan;
  plan.command.mutable_spend_credits()->set_key_id(verdict.key_id);
  plan.command.mutable_spend_credits()->set_cost(cost);
  if (call.idempotency) plan.data_json = answer_json(verdict);
  // Whoever calls this keeps the call.
  plan.conclude = [&call, &keys, &services, hash, verdict,
                   cost](const actors::Outcome& outcome) -> Answered<std::string> {
    const auto code = code_of(outcome);
    if (!code) return refuse(from_rejection(outcome.error()));
    const Verdict spent = conclude_spending(verdict, *code, keys, hash, balance_after(outcome));
    record(call, services, verify_request_of(call), spent, outcome ? cost : 0);
    return answer_json(spent);
  };
  return plan;
}

// A repeat under an Idempotency-Key gets the recorded answer instead of this one, and is no verification of its own.
bool is_repeat(const Call& call, const Services& services) {
  return call.idempotency && find_recorded(services, call).has_value();
}

}  // namespace

Answered<Step> verify_key(const Call& call, const Services& services) {
  if (is_repeat(call, services)) return Data{};
  const VerifyRequest request = verify_request_of(call);
  auto verdict = judge(request, *call.principal, services.projections.keys(call.principal->partition), call.time_ms);
  if (!verdict) return refuse(std::move(verdict.error()));
  charge_ratelimits(*verdict, services.windows, call.time_ms);
  // What was charged to rate limits must be kept for repeats too.
  const bool must_record = call.idempotency && !verdict->ratelimits.empty() && verdict->code == VerifyCode::kValid;
  if (verdict->must_spend || must_record) return spend(call, services, request, *verdict);
  record(call, services, request, *verdict, 0);
  return Data{answer_json(*verdict), {}};
}

}  // namespace keyfold::api
