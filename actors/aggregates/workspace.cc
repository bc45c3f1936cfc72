#include "actors/aggregates/workspace.h"

#include "projections/workspace.h"

namespace keyfold::actors {

Decided decide(const v1::CreateWorkspace& command, const Context& context, const projections::RowReader& reader) {
  // The partition is chosen by the context's workspace: another id would put the workspace where nobody looks for it.
  if (command.workspace_id() != context.workspace_id) {
    return reject(RejectionCode::kInvalidInput, "A workspace is created by a command to itself.");
  }
  if (projections::find_workspace(reader, command.workspace_id())) {
    return reject(RejectionCode::kIdTaken, "The workspace id is taken.");
  }
  Decision decision;
  auto& created = *decision.plan("workspace", command.workspace_id()).mutable_workspace_created();
  created.set_workspace_id(command.workspace_id());
  created.set_name(command.name());
  return decision;
}

Decided decide(const v1::UpdateWorkspace& command, const Context& context, const projections::RowReader& reader) {
  const auto workspace = projections::find_workspace(reader, context.workspace_id);
  if (!workspace) return reject(RejectionCode::kWorkspaceNotFound, "The workspace does not exist.");
  if (command.requests().per_minute() < 0) {
    return reject(RejectionCode::kInvalidInput, "`requestsPerMinute` must not be negative.");
  }
  v1::WorkspaceUpdated updated;
  if (command.has_enabled() && command.enabled() == workspace->disabled()) updated.set_enabled(command.enabled());
  const auto& requests = command.requests();
  const bool is_limit_kept = requests.has_per_minute() == workspace->has_requests_per_minute_max() &&
                             requests.per_minute() == workspace->requests_per_minute_max();
  if (command.has_requests() && !is_limit_kept) *updated.mutable_requests() = requests;
  Decision decision;
  if (!updated.has_enabled() && !updated.has_requests()) return decision;
  updated.set_workspace_id(workspace->workspace_id());
  *decision.plan("workspace", workspace->workspace_id()).mutable_workspace_updated() = std::move(updated);
  return decision;
}

}  // namespace keyfold::actors
