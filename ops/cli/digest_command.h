#pragma once

#include <iosfwd>

#include "keyfold/v1/config.pb.h"
#include "ops/cli/client_commands.h"
#include "schemas/base/result.h"

namespace keyfold::ops {

/// Prints the digest lines of the running server's read models, or of the stopped directory's. The latter are brought
/// to the end of the log first, as a start would, when a crash left them behind it.
[[nodiscard]] Status print_digest(const v1::Config& config, std::ostream& out);

/// Folds the log anew, up to where the read models (the running server's, or the stopped directory's) are, and compares
/// the digests; prints each that differs, and a last line. kDataLoss when any does.
[[nodiscard]] Status prove_projections(const v1::Config& config, Output output, std::ostream& out);

}  // namespace keyfold::ops
