#pragma once

#include <rocksdb/db.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "projections/projector.h"
#include "projections/rows.h"
#include "projections/rows.pb.h"
#include "schemas/base/result.h"

namespace keyfold::projections {

/// How far a visit is meant to go: whole tables are read ahead, and past the cache that pages and decisions live on.
enum class Extent { kPage, kTable };

/// Called for each row in key order; returns false to stop early.
using RowVisitor = std::function<bool(std::string_view key, std::string_view value)>;

/// The projections' RocksDB database: one column family a table, whose keys are the partition (2 bytes, big endian) and
/// the row's key; the default one holds the checkpoints and what describes the directory. It writes no WAL and flushes
/// all column families as one, so that after a crash rows and checkpoints are those of one moment. Closing it flushes
/// nothing. Thread-safe.
class Store {
 public:
  enum class Access { kReadWrite, kReadOnly };

  /// With kReadWrite makes the directory when it is missing. kNotFound, kDataLoss, kIo or kFailedPrecondition (held by
  /// another process, or written by a newer build) with what to do.
  [[nodiscard]] static Result<std::unique_ptr<Store>> open(const std::filesystem::path& directory, Access access);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// What the directory says about itself; nothing when it is new.
  [[nodiscard]] Result<std::optional<rows::DirectoryRow>> read_directory_row(
      const rocksdb::Snapshot* snapshot = nullptr) const;
  [[nodiscard]] Status write_directory_row(const rows::DirectoryRow& row);

  /// Empty when nothing of the partition was ever folded.
  [[nodiscard]] Result<rows::CheckpointRow> read_checkpoint(events::PartitionId partition,
                                                            const rocksdb::Snapshot* snapshot = nullptr) const;

  /// Writes the changes and the partition's checkpoint, both or neither.
  [[nodiscard]] Status write(events::PartitionId partition, const Changes& changes,
                             const rows::CheckpointRow& checkpoint);

  /// Empties the tables and writes the checkpoints of partitions 0, 1, ..., all or nothing; durable when it returns.
  [[nodiscard]] Status reset(std::span<const Table> tables, std::span<const rows::CheckpointRow> checkpoints);

  /// A row's value. Ends the process when the row can't be read: to decide as if it were absent would break rules.
  [[nodiscard]] std::optional<std::string> get(events::PartitionId partition, Table table, std::string_view key) const;

  /// Visits a partition's rows whose key begins with `prefix`, from the key `from` on (empty: the first).
  [[nodiscard]] Status visit(events::PartitionId partition, Table table, std::string_view prefix, std::string_view from,
                             const rocksdb::Snapshot* snapshot, Extent extent, const RowVisitor& visitor) const;

  /// Makes everything written durable.
  [[nodiscard]] Status flush();

  /// Makes `directory`, which must be missing, a store of the same rows, by links to the files that never change.
  [[nodiscard]] Status write_snapshot(const std::filesystem::path& directory) const;

  [[nodiscard]] rocksdb::DB& db() const { return *db_; }
  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }

 private:
  explicit Store(std::filesystem::path directory) : directory_(std::move(directory)) {}
  [[nodiscard]] rocksdb::ColumnFamilyHandle* meta() const { return families_[0]; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* family(Table table) const {
    return families_[1 + static_cast<std::size_t>(table)];
  }
  [[nodiscard]] Status to_status(const rocksdb::Status& status, const char* what) const;
  template <class Row>
  [[nodiscard]] Result<std::optional<Row>> read_meta(const std::string& key, const rocksdb::Snapshot* snapshot) const;

  std::filesystem::path directory_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> families_;
};

/// How to get rid of projections that can't be used.
[[nodiscard]] std::string rebuild_hint(const std::filesystem::path& directory);

/// One partition's committed rows. The store must outlive it.
class StoreReader final : public RowReader {
 public:
  StoreReader(const Store& store, events::PartitionId partition) : store_(&store), partition_(partition) {}
  [[nodiscard]] std::optional<std::string> get(Table table, std::string_view key) const override {
    return store_->get(partition_, table, key);
  }

 private:
  const Store* store_;
  events::PartitionId partition_;
};

}  // namespace keyfold::projections
