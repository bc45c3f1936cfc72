#include "events/log_directory.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

namespace keyfold::events {
namespace {

tl::unexpected<Error> fail_errno(const char* what, const std::filesystem::path& path) {
  return fail(ErrorCode::kIo, std::string(what) + ": " + std::strerror(errno), path,
              "check the disk: space, permissions, kernel messages");
}

/// A file descriptor that closes itself.
class File {
 public:
  File(const std::filesystem::path& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0640)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

bool write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

std::string owner_in(int fd) {
  std::array<char, 32> text{};
  const ssize_t n = ::pread(fd, text.data(), text.size(), 0);
  const std::string_view found(text.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
  return std::string(found.substr(0, found.find('\n')));
}

/// The whole file, for one open file description: unlike a process's record lock it also keeps out a second opener of
/// the same process, and unlike flock it can be asked for without being taken.
struct flock whole_file() {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

}  // namespace

Result<DirectoryOwner> DirectoryOwner::take(const std::filesystem::path& directory) {
  const std::filesystem::path path = directory / "OWNER";
  File file(path, O_RDWR | O_CREAT);
  if (file.get() < 0) return fail_errno("the log's directory can't be locked", path);
  struct flock lock = whole_file();
  if (::fcntl(file.get(), F_OFD_SETLK, &lock) != 0) {
    if (errno != EAGAIN && errno != EACCES) return fail_errno("the log's directory can't be locked", path);
    const std::string pid = owner_in(file.get());
    return fail(ErrorCode::kFailedPrecondition,
                "another process" + (pid.empty() ? "" : " (pid " + pid + ")") + " holds the log", directory,
                "stop it first, or use another data directory");
  }
  if (::ftruncate(file.get(), 0) != 0 || !write_all(file.get(), std::to_string(::getpid()) + "\n")) {
    return fail_errno("the log's owner can't be written", path);
  }
  return DirectoryOwner(file.release());
}

DirectoryOwner::~DirectoryOwner() {
  if (file_ < 0) return;
  // The file stays: removing it would let two later owners lock two different files of that name.
  if (::ftruncate(file_, 0) != 0) errno = 0;
  ::close(file_);
}

bool is_owned(const std::filesystem::path& directory) {
  const File file(directory / "OWNER", O_RDONLY);
  struct flock lock = whole_file();
  return file.get() >= 0 && ::fcntl(file.get(), F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

Status replace_file(const std::filesystem::path& path, std::string_view content) {
  std::filesystem::path next = path;
  next += ".new";
  {
    const File file(next, O_WRONLY | O_CREAT | O_TRUNC);
    if (file.get() < 0 || !write_all(file.get(), content) || ::fsync(file.get()) != 0) {
      return fail_errno("a file can't be written", next);
    }
  }
  if (::rename(next.c_str(), path.c_str()) != 0) return fail_errno("a file can't be replaced", path);
  return sync_directory(path.parent_path());
}

Status sync_directory(const std::filesystem::path& directory) {
  const File file(directory, O_RDONLY | O_DIRECTORY);
  if (file.get() < 0 || ::fsync(file.get()) != 0) return fail_errno("a directory can't be synced", directory);
  return {};
}

}  // namespace keyfold::events
