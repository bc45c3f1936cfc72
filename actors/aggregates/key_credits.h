#pragma once

#include "actors/aggregates/decision.h"

namespace keyfold::actors {

/// Sets, adds to, or takes from the balance; never below 0. SET without a value makes the key unlimited and drops its
/// refill. The answer is the balance and the refill after it. kKeyNotFound; kInvalidInput for INCREMENT and DECREMENT
/// without a value or of an unlimited key, for a negative value, and for a sum that 64 bits can't hold.
[[nodiscard]] Decided decide(const v1::UpdateCredits& command, const Context& context,
                             const projections::RowReader& reader);

}  // namespace keyfold::actors
