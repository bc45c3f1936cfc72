#pragma once

#include <iosfwd>

#include "keyfold/v1/config.pb.h"
#include "schemas/base/result.h"

namespace keyfold::ops {

/// Prints the digest lines of the running server's read models, or of the stopped directory's. The latter are brought
/// to the end of the log first, as a start would, when a crash left them behind it.
[[nodiscard]] Status print_digest(const v1::Config& config, std::ostream& out);

}  // namespace keyfold::ops
