#pragma once

#include <string>

namespace keyfold::ops {

/// Sends the program's own log to standard error from `level` on (debug, info, warn, error, off).
void start_logging(const std::string& level);

}  // namespace keyfold::ops
