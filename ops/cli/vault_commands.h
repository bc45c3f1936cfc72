#pragma once

#include <iosfwd>
#include <string>

#include "keyfold/v1/config.pb.h"
#include "schemas/base/result.h"

// Commands about the vault of the server that runs on a data directory; kFailedPrecondition when none does. Repeating a
// command goes on where an earlier one was cut off.
namespace keyfold::ops {

/// Prints which master keys there are and what rotations have left to do.
[[nodiscard]] Status vault_status(const v1::Config& config, std::ostream& out);

/// Has every data key wrapped by the current master key.
[[nodiscard]] Status rotate_master(const v1::Config& config, std::ostream& out);

/// Gives the ring, or every ring when it is empty, a new data key, and waits until the server has sealed anew what the
/// old ones sealed and destroyed them. kFailedPrecondition, with how many are left, when that gets no further.
[[nodiscard]] Status rotate_data(const v1::Config& config, const std::string& ring, std::ostream& out);

}  // namespace keyfold::ops
