#pragma once

#include "actors/aggregates/decision.h"

namespace keyfold::actors {

/// Decides any command by the rules of its aggregate. `time_ms` takes the place of the command's own time, because a
/// partition's time never runs backwards. Pure.
[[nodiscard]] Decided decide(const v1::Command& command, std::int64_t time_ms, const projections::RowReader& reader);

}  // namespace keyfold::actors
