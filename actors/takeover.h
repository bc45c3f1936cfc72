#pragma once

#include <cstdint>
#include <vector>

#include "actors/partition_writer.h"

namespace keyfold::actors {

/// Opens a new epoch in every partition with one append, applies it, and tells where each writer begins, in the order
/// of the partitions. kFailedPrecondition when the projections have not caught up with the log.
[[nodiscard]] Result<std::vector<PartitionStart>> take_over(events::Log& log, projections::Projections& projections,
                                                            std::int64_t now_ms);

}  // namespace keyfold::actors
