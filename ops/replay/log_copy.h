#pragma once

#include <cstdint>

#include "events/log.h"
#include "projections/projections.h"

namespace keyfold::ops {

/// Appends to `to` every event of `from` that it lacks, byte for byte, so that sequences, epochs and hashes stay what
/// they are. Goes on where an earlier copy was cut off. Returns how many were copied. kFailedPrecondition when `to` has
/// another number of partitions or holds other events; at the end both logs are known to have the same heads, and so
/// the same bytes.
[[nodiscard]] Result<std::uint64_t> copy_log(const events::Log& from, events::Log& to,
                                             const projections::ProgressSink& progress);

/// Puts every erasable entry of `from` into `to`, and returns how many. kFailedPrecondition when `to` has others too.
[[nodiscard]] Result<std::uint64_t> copy_erasable(const events::ErasableStore& from, events::ErasableStore& to);

}  // namespace keyfold::ops
