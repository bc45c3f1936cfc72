#include "events/usage_database.h"

#include <rocksdb/convenience.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace keyfold::events {
namespace {

constexpr std::array<const char*, 2> kFamilies = {"default", "batches"};

rocksdb::DBOptions database_options() {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  options.recycle_log_file_num = 0;
  options.max_total_wal_size = std::size_t{64} << 20;
  options.max_background_jobs = 2;
  options.max_open_files = 512;
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  options.max_log_file_size = std::size_t{4} << 20;
  options.keep_log_file_num = 4;
  return options;
}

std::vector<rocksdb::ColumnFamilyDescriptor> family_options() {
  rocksdb::BlockBasedTableOptions table;
  table.block_size = std::size_t{64} << 10;
  // Debian's RocksDB computes CRC-32C in software.
  table.checksum = rocksdb::kXXH3;
  table.format_version = 5;
  rocksdb::ColumnFamilyOptions meta;
  meta.write_buffer_size = std::size_t{1} << 20;
  meta.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  // Keys only grow, so that files never overlap and compaction only moves them.
  rocksdb::ColumnFamilyOptions batches = meta;
  batches.write_buffer_size = std::size_t{32} << 20;
  const auto supported = rocksdb::GetSupportedCompressions();
  const bool has_lz4 = std::find(supported.begin(), supported.end(), rocksdb::kLZ4Compression) != supported.end();
  meta.compression = rocksdb::kNoCompression;
  batches.compression = has_lz4 ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
  return {{kFamilies[0], meta}, {kFamilies[1], batches}};
}

Status check_families(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path / "CURRENT", ignored)) return {};
  std::vector<std::string> found;
  const rocksdb::Status status = rocksdb::DB::ListColumnFamilies(database_options(), path, &found);
  if (!status.ok()) return tl::unexpected(UsageDatabase::error(status, "the usage stream can't be listed", path));
  for (const std::string& name : found) {
    if (std::find(kFamilies.begin(), kFamilies.end(), name) != kFamilies.end()) continue;
    return fail(ErrorCode::kFailedPrecondition,
                "the usage stream holds \"" + name + "\", which this build doesn't know", path,
                "a newer keyfold wrote it: run that version or a later one");
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<UsageDatabase>> UsageDatabase::open(const std::filesystem::path& path,
                                                           UsageLogOptions::Mode mode) {
  if (Status known = check_families(path); !known) return tl::unexpected(known.error());
  std::unique_ptr<UsageDatabase> database(new UsageDatabase(path));
  rocksdb::DB* raw = nullptr;
  const rocksdb::Status status =
      mode == UsageLogOptions::Mode::kReadOnly
          ? rocksdb::DB::OpenForReadOnly(database_options(), path, family_options(), &database->families_, &raw)
          : rocksdb::DB::Open(database_options(), path, family_options(), &database->families_, &raw);
  database->db_.reset(raw);
  if (!status.ok()) return tl::unexpected(error(status, "the usage stream can't be opened", path));
  return database;
}

UsageDatabase::~UsageDatabase() {
  if (db_ == nullptr) return;
  for (rocksdb::ColumnFamilyHandle* family : families_) db_->DestroyColumnFamilyHandle(family).PermitUncheckedError();
  db_->Close().PermitUncheckedError();
}

Result<std::optional<std::string>> UsageDatabase::read_text(const char* key) const {
  std::string text;
  const rocksdb::Status status = db_->Get({}, meta(), key, &text);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return tl::unexpected(error(status, "the usage stream's description can't be read", path_));
  return text;
}

Result<std::optional<std::uint64_t>> UsageDatabase::read_number(const char* key) const {
  const auto text = read_text(key);
  if (!text) return tl::unexpected(text.error());
  if (!*text) return std::nullopt;
  std::uint64_t number = 0;
  const char* end = (*text)->data() + (*text)->size();
  const auto parsed = std::from_chars((*text)->data(), end, number);
  if (parsed.ec == std::errc() && parsed.ptr == end) return number;
  return fail(ErrorCode::kDataLoss, "the usage stream's description is damaged", path_, kAwayHint);
}

Error UsageDatabase::error(const rocksdb::Status& status, const std::string& what, std::string where) {
  const bool is_damage = status.IsCorruption();
  return {is_damage ? ErrorCode::kDataLoss : ErrorCode::kIo, what + ": " + status.ToString(), std::move(where),
          is_damage ? kAwayHint : "check the disk: space, permissions, kernel messages"};
}

}  // namespace keyfold::events
