#pragma once

#include <span>

#include "projections/projections.h"
#include "projections/projector.h"

namespace keyfold::projections {

/// Projections::open with other projectors than those of this build: what a test of rebuilding needs. The registry
/// must outlive the result.
[[nodiscard]] Result<std::unique_ptr<Projections>> open_projections(const std::filesystem::path& directory,
                                                                    const events::Log& log,
                                                                    std::span<const Projector> registry,
                                                                    const ProgressSink& progress);

}  // namespace keyfold::projections
