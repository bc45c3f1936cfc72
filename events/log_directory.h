#pragma once

#include <filesystem>
#include <string_view>
#include <utility>

#include "schemas/base/result.h"

namespace keyfold::events {

/// Holds a directory for this process until destroyed, through a lock on its `OWNER` file, which names the process.
class DirectoryOwner {
 public:
  /// kFailedPrecondition, with the other's process id, when the directory is held already.
  [[nodiscard]] static Result<DirectoryOwner> take(const std::filesystem::path& directory);
  DirectoryOwner(DirectoryOwner&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  DirectoryOwner& operator=(DirectoryOwner&&) = delete;
  ~DirectoryOwner();

 private:
  explicit DirectoryOwner(int file) : file_(file) {}
  int file_;
};

/// Whether a process holds the directory right now. Takes no lock, so it is in nobody's way.
[[nodiscard]] bool is_owned(const std::filesystem::path& directory);

/// Puts `content` in the place of the file, whole or not at all; durable when it returns.
[[nodiscard]] Status replace_file(const std::filesystem::path& file, std::string_view content);

/// Makes the directory's entries (renames, new files) durable.
[[nodiscard]] Status sync_directory(const std::filesystem::path& directory);

}  // namespace keyfold::events
