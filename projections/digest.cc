#include "projections/digest.h"

#include <openssl/evp.h>
#include <rocksdb/snapshot.h>

#include <cstdlib>

#include "projections/big_endian.h"
#include "projections/projector.h"
#include "schemas/base/encoding.h"

namespace keyfold::projections {
namespace {

/// SHA-256 of a stream of length-prefixed texts.
class StreamHash {
 public:
  StreamHash() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    buffer_.reserve(kBufferBytes);
    require(context_ != nullptr && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
  }

  void add(std::string_view text) {
    buffer_ += to_big_endian(text.size(), 8);
    buffer_ += text;
    if (buffer_.size() >= kBufferBytes) drain();
  }

  [[nodiscard]] Digest finish() {
    drain();
    Digest digest;
    require(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) == 1);
    return digest;
  }

 private:
  static constexpr std::size_t kBufferBytes = std::size_t{64} * 1024;

  /// OpenSSL fails here only without memory.
  static void require(bool done) {
    if (!done) std::abort();
  }
  void drain() {
    require(EVP_DigestUpdate(context_.get(), buffer_.data(), buffer_.size()) == 1);
    buffer_.clear();
  }

  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
  std::string buffer_;
};

Result<StateDigest> digest_of_partition(const Store& store, const Projector& projector, events::PartitionId partition,
                                        const rocksdb::Snapshot* snapshot) {
  StateDigest digest;
  digest.projector = projector.name;
  digest.partition = partition;
  const auto checkpoint = store.read_checkpoint(partition, snapshot);
  if (!checkpoint) return tl::unexpected(checkpoint.error());
  for (const auto& known : checkpoint->projectors()) {
    if (known.name() != projector.name) continue;
    digest.version = known.version();
    digest.next = known.next();
  }
  StreamHash hash;
  const Status visited = store.visit(partition, projector.table, "", "", snapshot, Extent::kTable,
                                     [&](std::string_view key, std::string_view value) {
                                       ++digest.rows;
                                       hash.add(key);
                                       hash.add(value);
                                       return true;
                                     });
  if (!visited) return tl::unexpected(visited.error());
  digest.sha256 = hash.finish();
  return digest;
}

}  // namespace

std::string StateDigest::to_string() const {
  return "digest " + projector + " v" + std::to_string(version) + " partition=" + std::to_string(partition) +
         " next=" + std::to_string(next) + " rows=" + std::to_string(rows) + " sha256=" + to_hex(as_view(sha256));
}

Result<std::vector<StateDigest>> digest_of(const Store& store) {
  rocksdb::ManagedSnapshot snapshot(&store.db());
  const auto directory = store.read_directory_row(snapshot.snapshot());
  if (!directory) return tl::unexpected(directory.error());
  std::vector<StateDigest> digests;
  const std::uint32_t partitions = directory->has_value() ? (*directory)->partitions() : 0;
  for (const Projector& projector : projectors()) {
    for (events::PartitionId partition = 0; partition < partitions; ++partition) {
      auto digest = digest_of_partition(store, projector, partition, snapshot.snapshot());
      if (!digest) return tl::unexpected(digest.error());
      digests.push_back(*std::move(digest));
    }
  }
  return digests;
}

Result<std::vector<StateDigest>> digest_of_directory(const std::filesystem::path& directory) {
  const auto store = Store::open(directory, Store::Access::kReadOnly);
  if (!store) return tl::unexpected(store.error());
  return digest_of(**store);
}

}  // namespace keyfold::projections
