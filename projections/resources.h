#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "projections/rows.h"

/// The rows that people know as things of a kind and an id: keys, APIs, roles, ...
namespace keyfold::projections {

/// What kinds there are, e.g. "key"; a ratelimit_override's id is `<namespace id>/<override id>`.
[[nodiscard]] const std::vector<std::string>& resource_kinds();

struct ResourceId {
  std::string kind;
  std::string id;
  friend bool operator==(const ResourceId&, const ResourceId&) = default;
};

/// What the row holds; nothing for the rows that only help to find others.
[[nodiscard]] std::optional<ResourceId> resource_of(Table table, std::string_view row_key);

/// The thing in the public form (events/public_event.h), whatever is deleted but kept included (`deletedAt`); nothing
/// when the workspace has none of that kind and id.
[[nodiscard]] std::optional<std::string> resource_json(const RowReader& rows, std::string_view workspace_id,
                                                       const ResourceId& resource);

}  // namespace keyfold::projections
