#pragma once

#include <functional>
#include <memory>

#include "gateway/api/endpoint.h"

namespace keyfold::api {

/// What a command came to: its answer's `data`, or a refusal; with what the answer's headers say.
struct Concluded {
  Answered<std::string> data_json;
  std::optional<events::Position> position;
  bool was_replayed = false;
};

/// Called once, on a thread of the runtime; must not block.
using Conclusion = std::function<void(std::shared_ptr<const Call>, Concluded)>;
/// Called instead when an id or hash of the plan was taken, or the plan was a first step: make another plan.
using Retry = std::function<void(std::shared_ptr<const Call>)>;

/// What is kept for the call's Idempotency-Key: the answer again, or a refusal when the key was used for another
/// request. Nothing when the request is new. May block.
[[nodiscard]] std::optional<Concluded> find_recorded(const Services& services, const Call& call);

/// Completes the plan's command (principal, time, idempotency) and hands it to the runtime. With an Idempotency-Key
/// and a secret in the answer this seals the answer first, which may block.
void submit(const Services& services, std::shared_ptr<const Call> call, Plan plan, Conclusion conclude, Retry retry);

}  // namespace keyfold::api
