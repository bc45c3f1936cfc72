#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "projections/projector.h"
#include "projections/rows.pb.h"

/// Roles. Rows: `r/<role_id>` -> RoleRow, `n/<workspace_id>/<lower-case name>` -> role id, `w/<workspace_id>/<role_id>`
/// -> "", and of deleted ones only `d/<role_id>` -> "". Keys may go on naming a deleted role: nothing is found under
/// its id, and no other role ever gets it.
namespace keyfold::projections {

[[nodiscard]] std::optional<rows::RoleRow> find_role(const RowReader& rows, std::string_view role_id);
/// Ignores case, as role names do.
[[nodiscard]] std::optional<std::string> find_role_id_by_name(const RowReader& rows, std::string_view workspace_id,
                                                              std::string_view name);
/// The workspace's role with that id, or else that name.
[[nodiscard]] std::optional<rows::RoleRow> find_role_by_id_or_name(const RowReader& rows, std::string_view workspace_id,
                                                                   std::string_view id_or_name);
/// Whether a role has the id or had it.
[[nodiscard]] bool is_used_role_id(const RowReader& rows, std::string_view role_id);
/// `w/<workspace_id>/`: what the listing of a workspace begins with.
[[nodiscard]] std::string role_list_prefix(std::string_view workspace_id);

void fold_role(const events::Event& event, Overlay& rows);
inline constexpr Projector kRoleProjector{"roles", Table::kRoles, 2, fold_role};

}  // namespace keyfold::projections
