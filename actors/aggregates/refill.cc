#include "actors/aggregates/refill.h"

#include <algorithm>
#include <chrono>

#include "actors/aggregates/api.h"
#include "projections/key.h"
#include "projections/key_lists.h"
#include "projections/workspace.h"

namespace keyfold::actors {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month;

/// The day of a month on which a monthly refill is due.
std::int64_t due_in(const year_month& month, std::uint32_t refill_day) {
  const auto last = (month / std::chrono::last).day();
  const auto day = std::min(std::chrono::day(refill_day), last);
  return sys_days(month / day).time_since_epoch().count();
}

}  // namespace

std::optional<std::int64_t> due_day(const v1::Refill& refill, std::int64_t after_day, std::int64_t through_day) {
  if (through_day <= after_day) return std::nullopt;
  std::int64_t due = through_day;
  if (refill.interval() == v1::Refill::MONTHLY) {
    const std::chrono::year_month_day today{sys_days(days(through_day))};
    const year_month month{today.year(), today.month()};
    due = due_in(month, refill.refill_day());
    if (due > through_day) due = due_in(month - std::chrono::months(1), refill.refill_day());
  }
  if (due <= after_day) return std::nullopt;
  return due;
}

std::optional<std::int64_t> refill_day_of(const rows::KeyRow& key, std::int64_t since_day, std::int64_t after_day,
                                          std::int64_t through_day) {
  if (!key.has_refill()) return std::nullopt;
  if (key.has_credits_remaining() && key.credits_remaining() >= key.refill().amount()) return std::nullopt;
  return due_day(key.refill(), std::max({after_day, since_day, key.last_refill_day()}), through_day);
}

Decided decide(const v1::RefillKey& command, const Context& context, const projections::RowReader& reader) {
  Decision decision;
  const auto key = projections::find_key(reader, command.key_id());
  if (!key || key->workspace_id() != context.workspace_id || key->deleted_at_ms() != 0) return decision;
  if (!find_live_api(context, reader, key->api_id())) return decision;
  const auto since_day = projections::find_refill_since(reader, *key);
  if (!since_day) return decision;
  const auto day = refill_day_of(*key, *since_day, command.after_day(), command.through_day());
  if (!day) return decision;
  auto& refilled = *decision.plan("key", command.key_id()).mutable_key_refilled();
  refilled.set_key_id(command.key_id());
  refilled.set_amount(key->refill().amount());
  if (key->has_credits_remaining()) refilled.set_previous(key->credits_remaining());
  refilled.set_day(*day);
  return decision;
}

Decided decide(const v1::CompleteRefills& command, const Context& context, const projections::RowReader& reader) {
  Decision decision;
  const auto workspace = projections::find_workspace(reader, context.workspace_id);
  if (!workspace || workspace->refilled_through_day() >= command.through_day()) return decision;
  auto& completed = *decision.plan("workspace", context.workspace_id).mutable_refills_completed();
  completed.set_workspace_id(std::string(context.workspace_id));
  completed.set_through_day(command.through_day());
  return decision;
}

}  // namespace keyfold::actors
