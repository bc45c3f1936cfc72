#include "gateway/api/key/endpoints.h"
#include "gateway/api/key/migration_verification.h"
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

VerifyRequest request_of(const Call& call) {
  VerifyRequest request{.key = call.text("key")};
  if (const auto* permissions = call.find("permissions"))
    request.permissions = permissions->get_ref<const std::string&>();
  if (const auto* credits = call.find("credits")) request.cost = credits->at("cost").get<std::int64_t>();
  return request;
}

VerificationContext context_of(const Call& call) {
  return {call.request_id, call.workspace_id(), call.time_ms, call.started_ns, call.find("tags")};
}

// A repeat under an Idempotency-Key gets the recorded answer instead of this one, and is no verification of its own.
bool is_repeat(const Call& call, const Services& services) {
  return call.idempotency && find_recorded(services, call).has_value();
}

}  // namespace

Answered<Step> verify_key(const Call& call, const Services& services) {
  const VerifyRequest request = request_of(call);
  const projections::KeyIndex& keys = services.projections.keys(call.principal->partition);
  std::string data;
  const auto verdict = verify(request, *call.principal, keys, call.time_ms, data);
  if (!verdict) return refuse(verdict.error());
  if (verdict->code == VerifyCode::kNotFound) {
    if (auto adopted = adopt_migrated_key(call, services)) return *std::move(adopted);
  }
  if (!verdict->must_spend) {
    services.metrics.count_verification(static_cast<std::size_t>(verdict->code));
    if (!is_repeat(call, services)) record_verification(services.usage, context_of(call), *verdict, verdict->code, 0);
    return Data{std::move(data), {}};
  }
  Plan plan;
  plan.command.mutable_spend_credits()->set_key_id(verdict->key_id);
  plan.command.mutable_spend_credits()->set_cost(request.cost);
  const Digest hash = sha256(request.key);
  plan.data_json.clear();
  if (call.idempotency) append_verification(plan.data_json, keys, hash, VerifyCode::kValid, std::nullopt);
  // Whoever calls this keeps the call.
  plan.conclude = [&call, &keys, &services, hash, verdict = *verdict,
                   cost = request.cost](const actors::Outcome& outcome) -> Answered<std::string> {
    const auto code = code_of(outcome);
    if (!code) return refuse(from_rejection(outcome.error()));
    services.metrics.count_verification(static_cast<std::size_t>(*code));
    record_verification(services.usage, context_of(call), verdict, *code, outcome ? cost : 0);
    std::string answer;
    append_verification(answer, keys, hash, *code, balance_after(outcome));
    return answer;
  };
  return plan;
}

}  // namespace keyfold::api
