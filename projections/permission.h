#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "projections/projector.h"
#include "projections/rows.pb.h"

/// Permissions. Rows: `p/<permission_id>` -> PermissionRow, `s/<workspace_id>/<lower-case slug>` -> permission id.
namespace keyfold::projections {

[[nodiscard]] std::optional<rows::PermissionRow> find_permission(const RowReader& rows, std::string_view permission_id);
/// Ignores case, as slugs do.
[[nodiscard]] std::optional<std::string> find_permission_id_by_slug(const RowReader& rows,
                                                                    std::string_view workspace_id,
                                                                    std::string_view slug);

void fold_permission(const events::Event& event, Overlay& rows);
inline constexpr Projector kPermissionProjector{"permissions", Table::kPermissions, 1, fold_permission};

}  // namespace keyfold::projections
