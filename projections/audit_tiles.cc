#include "projections/audit_tiles.h"

#include <rocksdb/db.h>

#include "projections/audit_store_options.h"
#include "projections/big_endian.h"

namespace keyfold::projections {
namespace {

class RocksAuditTiles final : public AuditTiles {
 public:
  explicit RocksAuditTiles(std::filesystem::path directory) : directory_(std::move(directory)) {}
  ~RocksAuditTiles() override {
    if (db_ == nullptr) return;
    for (auto* handle : handles_) db_->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
    db_->Close().PermitUncheckedError();
  }

  Status begin() {
    rocksdb::DBOptions options = audit_store_options();
    options.create_if_missing = false;
    options.create_missing_column_families = false;
    rocksdb::DB* raw = nullptr;
    const rocksdb::Status status =
        rocksdb::DB::OpenForReadOnly(options, directory_, audit_store_families(), &handles_, &raw);
    db_.reset(raw);
    if (status.ok()) return {};
    return fail(ErrorCode::kNotFound, "there is no audit store: " + status.ToString(), directory_);
  }

  Result<std::uint64_t> size(TreeId tree) const override {
    std::string value;
    const std::string key = tree == kDirectoryTree ? std::string(kDirectoryCheckpointKey) : checkpoint_key(tree);
    const rocksdb::Status status = db_->Get({}, handles_[0], key, &value);
    if (status.IsNotFound()) return 0;
    if (!status.ok() || value.size() < sizeof(std::uint64_t)) return unreadable(status);
    return from_big_endian(std::string_view(value).substr(0, sizeof(std::uint64_t)));
  }

  Result<std::string> tile(TreeId tree, const events::Tile& tile) const override {
    std::string hashes;
    const rocksdb::Status status = db_->Get({}, handles_[1], tile_key(tree, tile.level, tile.index), &hashes);
    if (!status.ok() || hashes.size() < tile.width * events::kHashBytes) return unreadable(status);
    hashes.resize(tile.width * events::kHashBytes);
    return hashes;
  }

 private:
  tl::unexpected<Error> unreadable(const rocksdb::Status& status) const {
    return fail(ErrorCode::kDataLoss, "the audit store can't be read: " + status.ToString(), directory_);
  }

  const std::filesystem::path directory_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
};

}  // namespace

Result<std::unique_ptr<AuditTiles>> AuditTiles::open(const std::filesystem::path& directory) {
  auto tiles = std::make_unique<RocksAuditTiles>(directory);
  if (Status begun = tiles->begin(); !begun) return tl::unexpected(begun.error());
  return tiles;
}

}  // namespace keyfold::projections
