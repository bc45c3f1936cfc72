#pragma once

#include <filesystem>
#include <memory>

#include "schemas/base/result.h"

namespace keyfold::ops {

/// A new, empty directory in the system's place for temporary files (TMPDIR), which goes away with the last owner of
/// the pointer.
[[nodiscard]] Result<std::shared_ptr<const std::filesystem::path>> make_scratch_directory();

}  // namespace keyfold::ops
