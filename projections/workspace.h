#pragma once

#include <optional>
#include <string_view>

#include "projections/projector.h"
#include "projections/rows.pb.h"

/// Workspaces. Rows: `w/<workspace_id>` -> WorkspaceRow.
namespace keyfold::projections {

[[nodiscard]] std::optional<rows::WorkspaceRow> find_workspace(const RowReader& rows, std::string_view workspace_id);

void fold_workspace(const events::Event& event, Overlay& rows);
inline constexpr Projector kWorkspaceProjector{"workspaces", Table::kWorkspaces, 2, fold_workspace};

}  // namespace keyfold::projections
