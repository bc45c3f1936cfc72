#pragma once

#include <rocksdb/db.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "events/embedded_usage_log.h"

namespace keyfold::events {

/// The RocksDB database of an embedded usage stream: one column family for batches, the default one for what describes
/// the stream. Thread-safe as RocksDB is; closes itself.
class UsageDatabase {
 public:
  /// kFailedPrecondition for a column family that this build doesn't know, kDataLoss when RocksDB finds damage.
  [[nodiscard]] static Result<std::unique_ptr<UsageDatabase>> open(const std::filesystem::path& path,
                                                                   UsageLogOptions::Mode mode);
  ~UsageDatabase();
  UsageDatabase(const UsageDatabase&) = delete;
  UsageDatabase& operator=(const UsageDatabase&) = delete;

  [[nodiscard]] rocksdb::DB& db() const { return *db_; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* meta() const { return families_[0]; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* batches() const { return families_[1]; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  /// What the stream keeps about itself; nothing when it was never written.
  [[nodiscard]] Result<std::optional<std::string>> read_text(const char* key) const;
  [[nodiscard]] Result<std::optional<std::uint64_t>> read_number(const char* key) const;

  /// A failed call as an error: damage is kDataLoss, everything else kIo.
  [[nodiscard]] static Error error(const rocksdb::Status& status, const std::string& what, std::string where);
  static constexpr const char* kAwayHint =
      "restore the directory from a backup, or move it away: usage of the past is then unknown, keys are not affected";

 private:
  explicit UsageDatabase(std::filesystem::path path) : path_(std::move(path)) {}
  const std::filesystem::path path_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> families_;
};

}  // namespace keyfold::events
