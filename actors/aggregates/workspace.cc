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

}  // namespace keyfold::actors
