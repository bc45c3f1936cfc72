#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "projections/projector.h"
#include "projections/rows.pb.h"

/// Roles. Rows: `r/<role_id>` -> RoleRow, `n/<workspace_id>/<lower-case name>` -> role id.
namespace keyfold::projections {

[[nodiscard]] std::optional<rows::RoleRow> find_role(const RowReader& rows, std::string_view role_id);
/// Ignores case, as role names do.
[[nodiscard]] std::optional<std::string> find_role_id_by_name(const RowReader& rows, std::string_view workspace_id,
                                                              std::string_view name);

void fold_role(const events::Event& event, Overlay& rows);
inline constexpr Projector kRoleProjector{"roles", Table::kRoles, 1, fold_role};

}  // namespace keyfold::projections
