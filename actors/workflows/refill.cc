#include "actors/workflows/refill.h"

#include <algorithm>

#include "actors/aggregates/refill.h"
#include "actors/workflows/command_window.h"
#include "projections/key.h"
#include "projections/key_lists.h"
#include "projections/workspace.h"
#include "schemas/base/fault_point.h"

namespace keyfold::actors {
namespace {

using projections::kRefillList;
using projections::Table;

constexpr std::size_t kPageKeys = 1'000;

/// The first workspace at or behind that row which has keys with refills; empty when there is none.
std::string next_workspace(const projections::Projections& projections, events::PartitionId partition,
                           const std::string& from) {
  std::string found;
  projections.scan(partition, Table::kKeys, kRefillList, from, [&](std::string_view row, std::string_view) {
    row.remove_prefix(kRefillList.size());
    found = row.substr(0, row.find('/'));
    return false;
  });
  return found;
}

/// What follows every row of the workspace in the list.
std::string behind(const std::string& workspace_id) {
  std::string row = projections::list_prefix(kRefillList, workspace_id);
  ++row.back();
  return row;
}

/// A key of the list, and the day on which its refill was set.
struct Listed {
  std::string key_id;
  std::int64_t since_day = 0;
};

/// A page of the workspace's keys from the row on; no snapshot is kept while they are worked on.
std::vector<Listed> read_page(const projections::Projections& projections, events::PartitionId partition,
                              const std::string& prefix, const std::string& from) {
  std::vector<Listed> page;
  projections.scan(partition, Table::kKeys, prefix, from, [&](std::string_view row, std::string_view value) {
    page.push_back({std::string(row.substr(prefix.size())), projections::refill_since(value)});
    return page.size() < kPageKeys;
  });
  return page;
}

}  // namespace

RefillWorkflow::RefillWorkflow(Runtime& runtime, const projections::Projections& projections, const Clock& clock)
    : runtime_(runtime), projections_(projections), clock_(clock), completed_days_(projections.partitions()) {}

RefillWorkflow::Report RefillWorkflow::run(const std::stop_token& stop) {
  Report report;
  const std::int64_t today = utc_day(clock_.now_ms());
  for (events::PartitionId partition = 0; partition < projections_.partitions(); ++partition) {
    if (!runtime_.owns(partition)) continue;  // another node's work
    const std::uint64_t failures = report.failures;
    for (std::string from;;) {
      const std::string workspace_id = next_workspace(projections_, partition, from);
      if (workspace_id.empty()) break;
      from = behind(workspace_id);
      if (stop.stop_requested() || run_workspace(partition, workspace_id, today, stop, report) == Pass::kFailed) {
        ++report.failures;
      }
    }
    if (report.failures == failures) completed_days_[partition].store(today, std::memory_order_relaxed);
  }
  keys_.fetch_add(report.keys, std::memory_order_relaxed);
  failures_.fetch_add(report.failures, std::memory_order_relaxed);
  return report;
}

RefillWorkflow::Pass RefillWorkflow::run_workspace(events::PartitionId partition, const std::string& workspace_id,
                                                   std::int64_t today, const std::stop_token& stop, Report& report) {
  const projections::RowReader& rows = projections_.reader(partition);
  const auto workspace = projections::find_workspace(rows, workspace_id);
  if (!workspace || workspace->refilled_through_day() >= today) return Pass::kComplete;
  const std::int64_t after_day = workspace->refilled_through_day();
  CommandWindow commands(runtime_, clock_, "refill", stop);
  const std::string prefix = projections::list_prefix(kRefillList, workspace_id);
  for (std::string from = prefix;;) {
    const auto page = read_page(projections_, partition, prefix, from);
    for (const auto& [key_id, since_day] : page) {
      if (stop.stop_requested()) break;
      const auto key = projections::find_key(rows, key_id);
      if (!key || !refill_day_of(*key, since_day, after_day, today)) continue;
      v1::Command command;
      command.set_workspace_id(workspace_id);
      command.mutable_refill_key()->set_key_id(key_id);
      command.mutable_refill_key()->set_after_day(after_day);
      command.mutable_refill_key()->set_through_day(today);
      commands.submit(std::move(command));
      ++report.keys;
      KEYFOLD_FAULT_POINT("refill.key");
    }
    if (page.size() < kPageKeys || stop.stop_requested()) break;
    from = prefix + page.back().key_id + '\0';
  }
  if (commands.finish() && !stop.stop_requested()) {
    KEYFOLD_FAULT_POINT("refill.before_complete");
    v1::Command complete;
    complete.set_workspace_id(workspace_id);
    complete.mutable_complete_refills()->set_through_day(today);
    commands.submit(std::move(complete));
    if (commands.finish()) {
      ++report.workspaces;
      return Pass::kComplete;
    }
  }
  report.reason = commands.rejection();
  return Pass::kFailed;
}

bool RefillWorkflow::is_due() const { return completed_day() < utc_day(clock_.now_ms()); }

std::int64_t RefillWorkflow::completed_day() const {
  std::int64_t day = utc_day(clock_.now_ms());
  for (events::PartitionId partition = 0; partition < projections_.partitions(); ++partition) {
    if (!runtime_.owns(partition)) continue;
    day = std::min(day, completed_days_[partition].load(std::memory_order_relaxed));
  }
  return day;
}

RefillWorkflow::Stats RefillWorkflow::stats() const {
  return {keys_.load(std::memory_order_relaxed), failures_.load(std::memory_order_relaxed), completed_day()};
}

}  // namespace keyfold::actors
