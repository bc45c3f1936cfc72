#include "actors/aggregates/tree_heads.h"

namespace keyfold::actors {

Decided decide(const v1::PublishTreeHeads& command, const Context& context, const projections::RowReader&) {
  if (context.workspace_id != kAuditWorkspace) {
    return reject(RejectionCode::kInvalidInput, "Checkpoints are published in no workspace.");
  }
  Decision decision;
  if (command.heads().empty()) return decision;
  *decision.plan("audit", "directory").mutable_tree_heads_published()->mutable_heads() = command.heads();
  return decision;
}

}  // namespace keyfold::actors
