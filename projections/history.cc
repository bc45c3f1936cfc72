#include "projections/history.h"

#include <nlohmann/json.hpp>
#include <set>

#include "projections/projector.h"

namespace keyfold::projections {
namespace {

using nlohmann::json;

/// Changes with every event, and says no more than the event's own time.
constexpr const char* kUpdatedAt = "updatedAt";
constexpr const char* kDeletedAt = "deletedAt";

json parse(const std::optional<std::string>& form) {
  if (!form) return json::object();
  json parsed = json::parse(*form, nullptr, false);
  return parsed.is_object() ? parsed : json::object();
}

bool is_live(const json& form) { return !form.empty() && !form.contains(kDeletedAt); }

json member_of(const json& form, const std::string& name) {
  const auto found = form.find(name);
  return found == form.end() ? json(nullptr) : *found;
}

}  // namespace

ResourceChange compare(ResourceId resource, const std::optional<std::string>& before,
                       const std::optional<std::string>& after) {
  const json from = parse(before);
  const json to = parse(after);
  ResourceChange change;
  change.resource = std::move(resource);
  if (!is_live(from) && is_live(to)) change.kind = ResourceChange::Kind::kCreated;
  if (is_live(from) && !is_live(to)) change.kind = ResourceChange::Kind::kDeleted;
  std::set<std::string> names;
  for (const auto& [name, value] : from.items()) names.insert(name);
  for (const auto& [name, value] : to.items()) names.insert(name);
  names.erase(kUpdatedAt);
  for (const std::string& name : names) {
    const json old_value = member_of(from, name);
    const json new_value = member_of(to, name);
    if (old_value != new_value) change.members[name] = {old_value.dump(), new_value.dump()};
  }
  return change;
}

std::vector<ResourceChange> HistoryFolder::fold(const events::Event& event) {
  const std::string& workspace_id = event.header.workspace_id();
  const RowReader& before_it = rows_;  // as a reader: an Overlay would be copied
  Overlay step(before_it);
  projections::fold(event, step);
  const Changes changed = step.take();
  std::vector<ResourceChange> changes;
  for (const Change& row : changed) {
    auto resource = resource_of(row.table, row.key);
    if (!resource) continue;
    const auto before = resource_json(rows_, workspace_id, *resource);
    const auto after = resource_json(step, workspace_id, *resource);
    if (!before && !after) continue;
    ResourceChange change = compare(*std::move(resource), before, after);
    if (!change.members.empty()) changes.push_back(std::move(change));
  }
  for (const Change& row : changed) {
    if (row.value) {
      rows_.put(row.table, row.key, *row.value);
    } else {
      rows_.erase(row.table, row.key);
    }
  }
  return changes;
}

}  // namespace keyfold::projections
