#include "ops/cli/scratch_directory.h"

#include <cstdlib>
#include <string>

namespace keyfold::ops {

Result<std::shared_ptr<const std::filesystem::path>> make_scratch_directory() {
  std::string name = (std::filesystem::temp_directory_path() / "keyfold-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) return fail(ErrorCode::kIo, "no temporary directory can be made", name);
  return std::shared_ptr<const std::filesystem::path>(new std::filesystem::path(name), [](const auto* path) {
    std::error_code ignored;
    std::filesystem::remove_all(*path, ignored);
    delete path;
  });
}

}  // namespace keyfold::ops
