#include "events/rocks_store.h"

#include <rocksdb/convenience.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <array>

namespace keyfold::events {
namespace {

constexpr std::array<const char*, 3> kFamilies = {"default", "events", "erasable"};

rocksdb::DBOptions database_options(RocksStore::Access access, std::size_t wal_bytes_max) {
  rocksdb::DBOptions options;
  options.create_if_missing = access == RocksStore::Access::kCreate;
  options.create_missing_column_families = access == RocksStore::Access::kCreate;
  options.track_and_verify_wals_in_manifest = true;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  // Recycled WAL files are refused in silence by this recovery mode.
  options.recycle_log_file_num = 0;
  options.max_total_wal_size = wal_bytes_max;
  options.max_background_jobs = 2;
  // A failed write or fsync is never retried, by RocksDB neither.
  options.max_bgerror_resume_count = 0;
  // Every file stays open: a reader beside a live writer keeps those that the writer removes.
  options.max_open_files = -1;
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  options.max_log_file_size = std::size_t{4} << 20;
  options.keep_log_file_num = 4;
  return options;
}

std::vector<rocksdb::ColumnFamilyDescriptor> family_options() {
  rocksdb::BlockBasedTableOptions table;
  table.block_size = std::size_t{16} << 10;
  // Debian's RocksDB computes CRC-32C in software.
  table.checksum = rocksdb::kXXH3;
  table.format_version = 5;

  rocksdb::ColumnFamilyOptions small;
  small.write_buffer_size = std::size_t{1} << 20;
  small.compression = rocksdb::kNoCompression;
  small.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));

  rocksdb::ColumnFamilyOptions records = small;
  records.write_buffer_size = std::size_t{64} << 20;
  records.max_bytes_for_level_base = std::size_t{512} << 20;
  const auto supported = rocksdb::GetSupportedCompressions();
  if (std::find(supported.begin(), supported.end(), rocksdb::kLZ4Compression) != supported.end()) {
    records.compression = rocksdb::kLZ4Compression;
  }
  return {{kFamilies[0], small}, {kFamilies[1], records}, {kFamilies[2], small}};
}

Status check_families(const std::filesystem::path& database, const rocksdb::DBOptions& options) {
  std::vector<std::string> found;
  const rocksdb::Status status = rocksdb::DB::ListColumnFamilies(options, database, &found);
  if (!status.ok()) return tl::unexpected(to_error(status, "the log's database can't be listed", database));
  for (const std::string& name : found) {
    if (std::find(kFamilies.begin(), kFamilies.end(), name) == kFamilies.end()) {
      return fail(ErrorCode::kFailedPrecondition, "the log holds \"" + name + "\", which this build doesn't know",
                  database, "a newer keyfold wrote it: run that version or a later one");
    }
  }
  return {};
}

}  // namespace

Error to_error(const rocksdb::Status& status, const std::string& what, std::string where) {
  const bool damage = status.IsCorruption();
  return {
      damage ? ErrorCode::kDataLoss : ErrorCode::kIo, what + ": " + status.ToString(), std::move(where),
      damage ? "restore the log from a backup or a replica" : "check the disk: space, permissions, kernel messages"};
}

Result<std::unique_ptr<RocksStore>> RocksStore::open(const std::filesystem::path& database, Access access,
                                                     std::size_t wal_bytes_max) {
  const rocksdb::DBOptions options = database_options(access, wal_bytes_max);
  if (access != Access::kCreate) {
    if (const Status known = check_families(database, options); !known) return tl::unexpected(known.error());
  }
  std::unique_ptr<RocksStore> store(new RocksStore);
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status =
      access == Access::kReadOnly
          ? rocksdb::DB::OpenForReadOnly(options, database, family_options(), &store->families_, &db)
          : rocksdb::DB::Open(options, database, family_options(), &store->families_, &db);
  store->db_.reset(db);
  if (!status.ok()) return tl::unexpected(to_error(status, "the log's database can't be opened", database));
  return store;
}

RocksStore::~RocksStore() {
  if (db_ == nullptr) return;
  for (rocksdb::ColumnFamilyHandle* family : families_) db_->DestroyColumnFamilyHandle(family).PermitUncheckedError();
  db_->Close().PermitUncheckedError();
}

rocksdb::Status RocksStore::flush() { return db_->Flush(rocksdb::FlushOptions(), families_); }

}  // namespace keyfold::events
