#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "actors/vault/aead.h"
#include "actors/vault/secret_bytes.h"
#include "actors/vault/vault.h"
#include "schemas/base/encoding.h"
#include "schemas/base/hash.h"
#include "schemas/base/random.h"

namespace keyfold::actors {
namespace {

constexpr std::size_t kFileBytesMax = 256;

/// An open file, closed at the end.
class File {
 public:
  File(const std::filesystem::path& path, int flags) : descriptor_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }
  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

tl::unexpected<Error> io_failed(std::string_view what, const std::filesystem::path& path) {
  return fail(ErrorCode::kIo, std::string(what) + ": " + std::strerror(errno), path.string(),
              "check that the directory exists and belongs to keyfold's user");
}

/// Writes the whole key beside its place and links it there, so that nobody ever reads half of one. False when
/// another process was first.
Result<bool> create_file(const std::filesystem::path& path) {
  std::string key(kAeadKeyBytes, '\0');
  fill_random({reinterpret_cast<std::uint8_t*>(key.data()), key.size()});
  std::string text = to_base64(key) + "\n";
  OPENSSL_cleanse(key.data(), key.size());
  const std::filesystem::path draft = path.string() + make_id(".new");
  Result<bool> created = true;
  {
    const File file(draft, O_WRONLY | O_CREAT | O_EXCL);
    if (!file.is_open()) {
      created = io_failed("can't create the master key file", draft);
    } else if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
               ::fsync(file.get()) != 0) {
      created = io_failed("can't write the master key file", draft);
    }
  }
  OPENSSL_cleanse(text.data(), text.size());
  if (created && ::link(draft.c_str(), path.c_str()) != 0) {
    if (errno == EEXIST) {
      created = false;
    } else {
      created = io_failed("can't put the master key file in its place", path);
    }
  }
  ::unlink(draft.c_str());
  const std::filesystem::path parent = path.has_parent_path() ? path.parent_path() : ".";
  const File directory(parent, O_RDONLY | O_DIRECTORY);
  if (created && (!directory.is_open() || ::fsync(directory.get()) != 0)) {
    created = io_failed("can't make the master key file durable", parent);
  }
  return created;
}

Result<MasterKey> read_file(const File& file, const std::filesystem::path& path) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return io_failed("can't look at the master key file", path);
  if (!S_ISREG(status.st_mode)) {
    return fail(ErrorCode::kFailedPrecondition, "the master key must be in a regular file", path.string());
  }
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return fail(ErrorCode::kFailedPrecondition, "others may read or change the master key file", path.string(),
                "run: chmod 600 " + path.string());
  }
  std::array<char, kFileBytesMax> buffer{};
  const ssize_t size = ::read(file.get(), buffer.data(), buffer.size());
  if (size < 0) return io_failed("can't read the master key file", path);
  std::string_view text(buffer.data(), static_cast<std::size_t>(size));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.remove_suffix(1);
  auto key = MasterKey::from_base64(text);
  OPENSSL_cleanse(buffer.data(), buffer.size());
  if (!key) key.error().where = path.string();
  return key;
}

}  // namespace

MasterKey::~MasterKey() { OPENSSL_cleanse(bytes.data(), bytes.size()); }

Result<MasterKey> MasterKey::from_base64(std::string_view text) {
  auto bytes = keyfold::from_base64(text);
  if (!bytes || bytes->size() != kAeadKeyBytes) {
    const SecretBytes wiped(std::move(bytes).value_or(""));
    return fail(ErrorCode::kInvalidArgument, "the master key is not 32 bytes in base64", {},
                "make one with: openssl rand -base64 32");
  }
  const Digest digest = sha256(*bytes);
  return MasterKey{"mk_" + to_hex(as_view(digest).substr(0, 8)), *std::move(bytes)};
}

Result<MasterKey> MasterKey::from_file(const std::filesystem::path& path) {
  // Twice: another process may make the file between the look and the making.
  for (int attempt = 0; attempt < 2; ++attempt) {
    const File file(path, O_RDONLY);
    if (file.is_open()) return read_file(file, path);
    if (errno != ENOENT) return io_failed("can't open the master key file", path);
    const auto created = create_file(path);
    if (!created) return tl::unexpected(created.error());
  }
  return fail(ErrorCode::kIo, "the master key file vanishes as soon as it is made", path.string());
}

Result<MasterKey> MasterKey::from_existing_file(const std::filesystem::path& path) {
  const File file(path, O_RDONLY);
  if (file.is_open()) return read_file(file, path);
  if (errno != ENOENT) return io_failed("can't open the master key file", path);
  return fail(ErrorCode::kNotFound, "the master key file is missing", path.string());
}

std::string MasterKey::derive(std::string_view purpose) const {
  return std::string(as_view(hmac_sha256(bytes, purpose)));
}

}  // namespace keyfold::actors
