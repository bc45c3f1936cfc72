#pragma once

#include <optional>
#include <span>

#include "actors/aggregates/decision.h"
#include "projections/rows.pb.h"

// What the commands that make and change keys have in common.
namespace keyfold::actors {

[[nodiscard]] tl::unexpected<Rejection> monthly_without_day();
[[nodiscard]] tl::unexpected<Rejection> negative_credits();

/// kInvalidInput for negative credits, a refill without credits, or a monthly one without its day.
[[nodiscard]] tl::expected<void, Rejection> check_credits(const v1::CreateKey& command);

/// The new key that the command describes, in that API and with those roles; plans before it the identity and the
/// permissions that the workspace lacks. kIdTaken for a candidate id.
[[nodiscard]] tl::expected<v1::KeyCreated, Rejection> plan_key(const v1::CreateKey& command, const rows::ApiRow& api,
                                                               std::span<const std::string> role_ids,
                                                               const Context& context,
                                                               const projections::RowReader& reader,
                                                               Decision& decision);

}  // namespace keyfold::actors
