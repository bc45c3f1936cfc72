#pragma once

#include <rocksdb/db.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "schemas/base/result.h"

namespace keyfold::events {

/// The embedded log's RocksDB database: one column family for records, one for erasable entries, the default one for
/// what describes the log. Thread-safe as RocksDB is; its owner calls `flush` before a clean close.
class RocksStore {
 public:
  enum class Access { kCreate, kReadWrite, kReadOnly };

  /// kFailedPrecondition for a column family that this build doesn't know, kDataLoss when RocksDB finds damage.
  [[nodiscard]] static Result<std::unique_ptr<RocksStore>> open(const std::filesystem::path& database, Access access,
                                                                std::size_t wal_bytes_max);
  ~RocksStore();
  RocksStore(const RocksStore&) = delete;
  RocksStore& operator=(const RocksStore&) = delete;

  [[nodiscard]] rocksdb::DB& db() const { return *db_; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* meta() const { return families_[0]; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* records() const { return families_[1]; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* erasable() const { return families_[2]; }

  /// Writes all that is in memory to files, so that the next open replays nothing.
  [[nodiscard]] rocksdb::Status flush();

 private:
  RocksStore() = default;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> families_;
};

/// A failed RocksDB call as an error: damage is kDataLoss, everything else kIo.
[[nodiscard]] Error to_error(const rocksdb::Status& status, const std::string& what, std::string where);

}  // namespace keyfold::events
