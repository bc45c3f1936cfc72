#include "projections/workspace.h"

#include "projections/row_access.h"

namespace keyfold::projections {

std::optional<rows::WorkspaceRow> find_workspace(const RowReader& rows, std::string_view workspace_id) {
  return find_row<rows::WorkspaceRow>(rows, Table::kWorkspaces, row_key({"w/", workspace_id}));
}

void fold_workspace(const events::Event& event, Overlay& rows) {
  if (!event.payload.has_workspace_created()) return;
  const v1::WorkspaceCreated& created = event.payload.workspace_created();
  rows::WorkspaceRow row;
  row.set_workspace_id(created.workspace_id());
  row.set_name(created.name());
  row.set_created_at_ms(event.header.time_ms());
  put_row(rows, Table::kWorkspaces, row_key({"w/", created.workspace_id()}), row);
}

}  // namespace keyfold::projections
