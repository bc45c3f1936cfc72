#pragma once

#include "actors/aggregates/decision.h"

// Checkpoints of the partitions' trees, put onto the log as leaves of the directory log.
namespace keyfold::actors {

/// The workspace whose partition holds them; nobody's.
inline constexpr std::string_view kAuditWorkspace = "audit";

/// Puts the heads on the log as they come, in the workspace's name above alone; nothing happens without any. Whether
/// they are newer than those before is for the fold to see.
[[nodiscard]] Decided decide(const v1::PublishTreeHeads& command, const Context& context,
                             const projections::RowReader& reader);

}  // namespace keyfold::actors
