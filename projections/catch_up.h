#pragma once

#include <span>
#include <vector>

#include "events/log.h"
#include "projections/projections.h"
#include "projections/projector.h"
#include "projections/store.h"

namespace keyfold::projections {

/// Brings a store to the end of the log, before anything else uses it: empties the tables of projectors whose version
/// changed, and folds in every projector what lies between its checkpoint and the log's tail. Returns each
/// partition's checkpoint, with the projectors in the order of the registry. Refuses a checkpoint ahead of the log
/// (kDataLoss), a store of another number of partitions or of a newer format (kFailedPrecondition).
[[nodiscard]] Result<std::vector<rows::CheckpointRow>> catch_up(Store& store, const events::Log& log,
                                                                std::span<const Projector> registry,
                                                                const ProgressSink& progress);

}  // namespace keyfold::projections
