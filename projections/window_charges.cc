#include "projections/window_charges.h"

namespace keyfold::projections {

void add_charges(SlidingWindows& windows, const v1::UsageBatch& batch) {
  for (const v1::WindowCharge& charge : batch.window_charges()) {
    // Anybody may write to a topic.
    if (charge.duration_ms() < 1 || charge.window() < 0 || charge.tokens() < 0) continue;
    windows.restore(charge.counter(), charge.duration_ms(), charge.window(), charge.tokens());
  }
}

}  // namespace keyfold::projections
