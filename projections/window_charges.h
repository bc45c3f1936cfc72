#pragma once

#include "keyfold/v1/usage.pb.h"
#include "projections/sliding_windows.h"

namespace keyfold::projections {

/// Counts what a batch of another node, or of this one before it was started again, says was charged.
void add_charges(SlidingWindows& windows, const v1::UsageBatch& batch);

}  // namespace keyfold::projections
