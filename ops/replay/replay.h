#pragma once

#include <filesystem>
#include <vector>

#include "events/log.h"
#include "projections/projections.h"

namespace keyfold::ops {

/// Rebuilds every projection from the log's first event on, into a directory that must be missing or empty, and
/// returns the digests. Equal to those of the live read models at equal positions, or something is wrong.
[[nodiscard]] Result<std::vector<projections::StateDigest>> replay(const events::Log& log,
                                                                   const std::filesystem::path& into,
                                                                   const projections::ProgressSink& progress);

}  // namespace keyfold::ops
