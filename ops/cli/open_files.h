#pragma once

#include <cstdint>

namespace keyfold::ops {

/// Raises the process's limit of open files (RLIMIT_NOFILE) as far as it may go, and warns when that is too low for
/// `connections_max` connections beside the databases' files.
void raise_open_files_limit(std::uint64_t connections_max);

}  // namespace keyfold::ops
