#pragma once

#include "projections/projections.h"

namespace keyfold::ops {

/// Tells progress to the log of the program: its begin and end, and once a second between them.
[[nodiscard]] projections::ProgressSink log_progress();

}  // namespace keyfold::ops
