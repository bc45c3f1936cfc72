#pragma once

#include <cstdint>
#include <vector>

#include "actors/partition_writer.h"

namespace keyfold::actors {

/// The event that opens a new epoch behind `tail`, as it goes onto the log, and where its writer begins.
struct Opening {
  events::Event event;
  events::Append append;
  PartitionStart start;
};
[[nodiscard]] Opening make_opening(events::PartitionId partition, const events::ChainState& tail, std::int64_t time_ms,
                                   const NodeAddress& node);

/// The time of the partition's last event, which the next one must not precede; 0 for an empty partition.
[[nodiscard]] Result<std::int64_t> last_time_ms(const events::Log& log, events::PartitionId partition);

/// Opens a new epoch in every partition with one append, applies it, and tells where each writer begins, in the order
/// of the partitions. kFailedPrecondition when the projections have not caught up with the log.
[[nodiscard]] Result<std::vector<PartitionStart>> take_over(events::Log& log, projections::Projections& projections,
                                                            std::int64_t now_ms);

}  // namespace keyfold::actors
