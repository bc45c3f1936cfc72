#pragma once

#include <cstdint>

#include "events/log.h"

namespace keyfold::subscriptions {

/// The first event of the partition below `end` that was decided at `time_ms` or later; `end` when there is none. Found
/// by binary search and then backwards: a clock that stepped back hides no event of that time as long as no 4,096
/// events in a row lie between. Reads the log, some 20 records and 4,096; errors are the log's.
[[nodiscard]] Result<events::Sequence> first_at_or_after(const events::Log& log, events::PartitionId partition,
                                                         events::Sequence end, std::int64_t time_ms);

}  // namespace keyfold::subscriptions
