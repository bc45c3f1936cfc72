#include "actors/workflows/directory.h"

#include "actors/aggregates/tree_heads.h"
#include "actors/workflows/command_window.h"

namespace keyfold::actors {

DirectoryWorkflow::DirectoryWorkflow(Runtime& runtime, const AuditLogs& logs, const projections::AuditStore& trees,
                                     const Clock& clock)
    : runtime_(runtime), logs_(logs), trees_(trees), clock_(clock) {}

bool DirectoryWorkflow::run(const std::stop_token& stop) {
  const events::PartitionId own = events::partition_of(kAuditWorkspace, trees_.partitions());
  if (!runtime_.owns(own)) return true;
  const std::vector<std::uint64_t> known = trees_.directory_sizes();
  v1::Command command;
  command.set_workspace_id(kAuditWorkspace.data(), kAuditWorkspace.size());
  bool is_news = false;
  for (events::PartitionId partition = 0; partition < trees_.partitions(); ++partition) {
    const auto head = logs_.head(partition);
    if (head->size <= known[partition]) continue;
    // The event that told the directory's last news is none itself.
    is_news = is_news || partition != own || head->size > known[partition] + 1;
    auto& told = *command.mutable_publish_tree_heads()->add_heads();
    told.set_partition(partition);
    told.set_size(head->size);
    told.set_checkpoint(head->checkpoint);
  }
  if (!is_news) return true;
  CommandWindow commands(runtime_, clock_, "audit", stop);
  commands.submit(std::move(command));
  return commands.finish();
}

}  // namespace keyfold::actors
