#pragma once

#include "actors/aggregates/decision.h"
#include "projections/rows.pb.h"

// Refills by the calendar: a key's balance is set to its amount again once a UTC day or once a month. Days are counted
// from 1970-01-01 UTC.
namespace keyfold::actors {

/// The last day after `after_day`, up to and including `through_day`, on which the refill is due; nothing when there is
/// none. Monthly: its day of the month, or the last day of a month that is shorter. Pure.
[[nodiscard]] std::optional<std::int64_t> due_day(const v1::Refill& refill, std::int64_t after_day,
                                                  std::int64_t through_day);

/// The day for which the key is to be refilled, if it is: it has a refill that was due after `after_day`, after the day
/// on which it was set (`since_day`) and after the last one, and its balance is below the amount or unlimited. Whether
/// the key is live is not looked at. Pure.
[[nodiscard]] std::optional<std::int64_t> refill_day_of(const rows::KeyRow& key, std::int64_t since_day,
                                                        std::int64_t after_day, std::int64_t through_day);

/// Sets the balance to the refill's amount when refill_day_of says so; else, and for a key that is not live, nothing
/// happens. So a repeat changes nothing.
[[nodiscard]] Decided decide(const v1::RefillKey& command, const Context& context,
                             const projections::RowReader& reader);

/// Moves the workspace's mark forward; nothing happens when it is there already.
[[nodiscard]] Decided decide(const v1::CompleteRefills& command, const Context& context,
                             const projections::RowReader& reader);

}  // namespace keyfold::actors
