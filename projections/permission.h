#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "projections/projector.h"
#include "projections/rows.pb.h"

/// Permissions. Rows: `p/<permission_id>` -> PermissionRow, `s/<workspace_id>/<lower-case slug>` -> permission id,
/// `w/<workspace_id>/<permission_id>` -> "", and of deleted ones only `d/<permission_id>` -> "". Keys and roles may go
/// on naming a deleted permission: nothing is found under its id, and no other permission ever gets it.
namespace keyfold::projections {

[[nodiscard]] std::optional<rows::PermissionRow> find_permission(const RowReader& rows, std::string_view permission_id);
/// Ignores case, as slugs do.
[[nodiscard]] std::optional<std::string> find_permission_id_by_slug(const RowReader& rows,
                                                                    std::string_view workspace_id,
                                                                    std::string_view slug);
/// The workspace's permission with that id, or else that slug.
[[nodiscard]] std::optional<rows::PermissionRow> find_permission_by_id_or_slug(const RowReader& rows,
                                                                               std::string_view workspace_id,
                                                                               std::string_view id_or_slug);
/// Whether a permission has the id or had it.
[[nodiscard]] bool is_used_permission_id(const RowReader& rows, std::string_view permission_id);
/// `w/<workspace_id>/`: what the listing of a workspace begins with.
[[nodiscard]] std::string permission_list_prefix(std::string_view workspace_id);

void fold_permission(const events::Event& event, Overlay& rows);
inline constexpr Projector kPermissionProjector{"permissions", Table::kPermissions, 2, fold_permission};

}  // namespace keyfold::projections
