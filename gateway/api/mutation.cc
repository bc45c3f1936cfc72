#include "gateway/api/mutation.h"

#include "projections/command.h"
#include "schemas/base/encoding.h"

namespace keyfold::api {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::int64_t kIdempotencyWindowMs = 24 * kHourMs;

actors::SealContext seal_context(const Call& call, std::string ring) {
  return {std::move(ring), "idempotency", to_hex(as_view(call.idempotency->key_hash))};
}

Status add_idempotency(const Services& services, const Call& call, Plan& plan) {
  auto& idempotency = *plan.command.mutable_idempotency();
  const auto& [key_hash, request_hash] = *call.idempotency;
  idempotency.set_key_hash(key_hash.data(), key_hash.size());
  idempotency.set_request_hash(request_hash.data(), request_hash.size());
  idempotency.set_expires_at_ms(call.time_ms + kIdempotencyWindowMs);
  if (!plan.holds_secret) {
    idempotency.mutable_answer()->set_data_json(plan.data_json);
    return {};
  }
  // One data key an hour of the clock, destroyed when the last answer of that hour has left its window.
  const std::int64_t hour = call.time_ms / kHourMs;
  std::string ring = "idempotency/" + std::to_string(hour);
  auto sealed =
      services.vault.seal(seal_context(call, ring), plan.data_json, (hour + 1) * kHourMs + kIdempotencyWindowMs);
  if (!sealed) return tl::unexpected(std::move(sealed.error()));
  idempotency.mutable_answer()->set_sealed_data(*std::move(sealed));
  idempotency.mutable_answer()->set_sealed_ring(std::move(ring));
  return {};
}

v1::Principal principal_of(const Call& call) {
  v1::Principal principal;
  if (call.portal_session) {
    principal.set_type(v1::Principal::PORTAL_END_USER);
    principal.set_id(call.portal_session->external_id());
    principal.set_name(call.portal_session->session_id());
  } else {
    principal.set_type(v1::Principal::ROOT_KEY);
    principal.set_id(call.principal->root_key_id);
    principal.set_name(call.principal->name.empty() ? "root key" : call.principal->name);
  }
  return principal;
}

void add_origin(const Call& call, v1::Command& command) {
  if (command.workspace_id().empty()) command.set_workspace_id(std::string(call.workspace_id()));
  if (!command.has_principal()) *command.mutable_principal() = principal_of(call);
  command.set_request_id(call.request_id);
  command.set_causation_id(call.client_request_id);
  command.set_remote_ip(call.client_ip);
  command.set_user_agent(call.user_agent);
  command.set_time_ms(call.time_ms);
}

// The recorded answer as the client got it.
Answered<std::string> answer_again(const Services& services, const Call& call, const v1::RecordedAnswer& answer) {
  if (!answer.sealed_data().empty()) {
    auto data = services.vault.open(seal_context(call, answer.sealed_ring()), answer.sealed_data());
    if (!data) return refuse(unexpected_error());
    return *std::move(data);
  }
  if (!answer.has_credits_remaining()) return answer.data_json();
  Json data = Json::parse(answer.data_json(), nullptr, false);
  if (!data.is_object()) return refuse(unexpected_error());
  data["credits"] = answer.credits_remaining();  // known only after the decision
  return data.dump();
}

class Sink final : public actors::OutcomeSink {
 public:
  Sink(const Services& services, std::shared_ptr<const Call> call, Plan plan, Conclusion conclude, Retry retry)
      : services_(services),
        call_(std::move(call)),
        plan_(std::move(plan)),
        conclude_(std::move(conclude)),
        retry_(std::move(retry)) {}

  void complete(actors::Outcome outcome) override {
    // Before anybody hears of the outcome: what is committed keeps its data key by itself.
    plan_.data_key = {};
    const bool runs_again = outcome ? plan_.runs_again : outcome.error().code == actors::RejectionCode::kIdTaken;
    if (runs_again) return retry_(std::move(call_));
    Concluded concluded{.data_json = data_of(outcome)};
    if (outcome) {
      concluded.position = outcome->position;
      concluded.was_replayed = outcome->replayed.has_value();
    }
    conclude_(std::move(call_), std::move(concluded));
  }

 private:
  [[nodiscard]] Answered<std::string> data_of(const actors::Outcome& outcome) const {
    if (outcome && outcome->replayed) return answer_again(services_, *call_, *outcome->replayed);
    if (plan_.conclude) return plan_.conclude(outcome);
    if (!outcome) return refuse(from_rejection(outcome.error()));
    return outcome->data_json.empty() ? plan_.data_json : outcome->data_json;
  }

  const Services& services_;
  std::shared_ptr<const Call> call_;
  Plan plan_;
  Conclusion conclude_;
  Retry retry_;
};

}  // namespace

std::optional<Concluded> find_recorded(const Services& services, const Call& call) {
  const auto partition = call.principal->partition;
  const auto row =
      projections::find_command(services.projections.reader(partition), as_view(call.idempotency->key_hash));
  if (!row || row->expires_at_ms() <= call.time_ms) return std::nullopt;
  if (row->request_hash() != as_view(call.idempotency->request_hash)) {
    return Concluded{.data_json = refuse(idempotency_key_reused())};
  }
  return Concluded{answer_again(services, call, row->answer()), events::Position{partition, row->sequence()}, true};
}

void submit(const Services& services, std::shared_ptr<const Call> call, Plan plan, Conclusion conclude, Retry retry) {
  add_origin(*call, plan.command);
  if (call->idempotency && !plan.runs_again) {
    if (const auto added = add_idempotency(services, *call, plan); !added) {
      return conclude(std::move(call), {.data_json = refuse(unexpected_error())});
    }
  }
  v1::Command command = std::move(plan.command);
  services.runtime.submit(std::move(command), std::make_unique<Sink>(services, std::move(call), std::move(plan),
                                                                     std::move(conclude), std::move(retry)));
}

}  // namespace keyfold::api
