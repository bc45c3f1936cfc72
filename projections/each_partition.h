#pragma once

#include <functional>

#include "events/event.h"
#include "schemas/base/result.h"

namespace keyfold::projections {

/// Runs `work` once for every partition, several at a time on threads of its own, and returns when all are done. After
/// a failure no further partition is begun; the first failure in the order of partitions is returned.
[[nodiscard]] Status for_each_partition(std::uint32_t partitions,
                                        const std::function<Status(events::PartitionId)>& work);

}  // namespace keyfold::projections
