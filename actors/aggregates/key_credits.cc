#include "actors/aggregates/key_credits.h"

#include <algorithm>
#include <limits>

#include "actors/aggregates/answer_json.h"
#include "actors/aggregates/key.h"
#include "projections/key.h"

namespace keyfold::actors {
namespace {

/// Absent: unlimited.
using Balance = std::optional<std::int64_t>;

tl::expected<Balance, Rejection> balance_after(const v1::UpdateCredits& command, const rows::KeyRow& key) {
  if (command.value() < 0) return reject(RejectionCode::kInvalidInput, "`value` must not be negative.");
  if (command.operation() == v1::UpdateCredits::SET) return command.has_value() ? Balance(command.value()) : Balance();
  if (command.operation() != v1::UpdateCredits::INCREMENT && command.operation() != v1::UpdateCredits::DECREMENT) {
    return reject(RejectionCode::kInvalidInput, "`operation` must be set, increment or decrement.");
  }
  if (!command.has_value()) {
    return reject(RejectionCode::kInvalidInput, "`value` is required for an increment or decrement.");
  }
  if (!key.has_credits_remaining()) {
    return reject(RejectionCode::kInvalidInput, "The key has unlimited credits: there is nothing to count from.");
  }
  const std::int64_t before = key.credits_remaining();
  if (command.operation() == v1::UpdateCredits::DECREMENT) return std::max<std::int64_t>(0, before - command.value());
  if (command.value() > std::numeric_limits<std::int64_t>::max() - before) {
    return reject(RejectionCode::kInvalidInput, "The sum is more credits than 64 bits can count.");
  }
  return before + command.value();
}

}  // namespace

Decided decide(const v1::UpdateCredits& command, const Context& context, const projections::RowReader& reader) {
  const auto key = find_live_key(context, reader, command.key_id());
  if (!key) return key_not_found();
  const auto balance = balance_after(command, *key);
  if (!balance) return tl::unexpected(balance.error());
  Decision decision;
  auto& updated = *decision.plan("key", command.key_id()).mutable_key_updated();
  updated.set_key_id(command.key_id());
  auto& credits = *updated.mutable_credits();
  if (*balance) {
    credits.set_remaining(**balance);
  } else {
    updated.mutable_refill();
  }
  Foresight after(context, reader);
  after.add(decision);
  decision.data_json = credits_json(*projections::find_key(after.rows(), command.key_id())).dump();
  return decision;
}

}  // namespace keyfold::actors
