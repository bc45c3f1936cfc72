#include "actors/cluster/outcome_codec.h"

namespace keyfold::actors {

v1::ForwardedOutcome to_forwarded(const Outcome& outcome) {
  v1::ForwardedOutcome forwarded;
  if (outcome) {
    auto& accepted = *forwarded.mutable_accepted();
    accepted.set_sequence(outcome->position.sequence);
    if (outcome->credits_remaining) accepted.set_credits_remaining(*outcome->credits_remaining);
    if (outcome->replayed) *accepted.mutable_replayed() = *outcome->replayed;
    accepted.set_data_json(outcome->data_json);
  } else if (outcome.error().code == RejectionCode::kNotOwner) {
    forwarded.set_not_owner(true);
  } else {
    auto& rejected = *forwarded.mutable_rejected();
    rejected.set_code(static_cast<std::uint32_t>(outcome.error().code));
    rejected.set_detail(outcome.error().detail);
    rejected.set_credits_remaining(outcome.error().credits_remaining);
  }
  return forwarded;
}

Outcome from_forwarded(const v1::ForwardedOutcome& outcome, events::PartitionId partition) {
  if (outcome.has_accepted()) {
    const auto& from = outcome.accepted();
    Accepted accepted{{partition, from.sequence()}, std::nullopt, std::nullopt, from.data_json()};
    if (from.has_credits_remaining()) accepted.credits_remaining = from.credits_remaining();
    if (from.has_replayed()) accepted.replayed = from.replayed();
    return accepted;
  }
  if (outcome.has_rejected()) {
    const auto& from = outcome.rejected();
    constexpr auto kLast = static_cast<std::uint32_t>(RejectionCode::kNotOwner);
    const auto code = from.code() <= kLast ? static_cast<RejectionCode>(from.code()) : RejectionCode::kInvalidInput;
    return tl::unexpected(Rejection{code, from.detail(), from.credits_remaining()});
  }
  return tl::unexpected(no_owner());
}

}  // namespace keyfold::actors
