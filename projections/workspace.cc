#include "projections/workspace.h"

#include "projections/row_access.h"

namespace keyfold::projections {

std::optional<rows::WorkspaceRow> find_workspace(const RowReader& rows, std::string_view workspace_id) {
  return find_row<rows::WorkspaceRow>(rows, Table::kWorkspaces, row_key({"w/", workspace_id}));
}

namespace {

void put(Overlay& rows, const rows::WorkspaceRow& row) {
  put_row(rows, Table::kWorkspaces, row_key({"w/", row.workspace_id()}), row);
}

void create(const events::Event& event, Overlay& rows) {
  const v1::WorkspaceCreated& created = event.payload.workspace_created();
  rows::WorkspaceRow row;
  row.set_workspace_id(created.workspace_id());
  row.set_name(created.name());
  row.set_created_at_ms(event.header.time_ms());
  put(rows, row);
}

void update(const events::Event& event, Overlay& rows) {
  const v1::WorkspaceUpdated& updated = event.payload.workspace_updated();
  auto row = find_workspace(rows, updated.workspace_id());
  if (!row) return;
  if (updated.has_enabled()) row->set_disabled(!updated.enabled());
  if (updated.has_requests()) row->clear_requests_per_minute_max();
  if (updated.requests().has_per_minute()) row->set_requests_per_minute_max(updated.requests().per_minute());
  put(rows, *row);
}

void complete_refills(const events::Event& event, Overlay& rows) {
  const v1::RefillsCompleted& completed = event.payload.refills_completed();
  auto row = find_workspace(rows, completed.workspace_id());
  if (!row) return;
  row->set_refilled_through_day(completed.through_day());
  put(rows, *row);
}

}  // namespace

void fold_workspace(const events::Event& event, Overlay& rows) {
  switch (event.payload.event_case()) {
    case v1::Payload::kWorkspaceCreated:
      return create(event, rows);
    case v1::Payload::kWorkspaceUpdated:
      return update(event, rows);
    case v1::Payload::kRefillsCompleted:
      return complete_refills(event, rows);
    default:
      return;
  }
}

}  // namespace keyfold::projections
