#pragma once

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <cstdint>
#include <string>
#include <unordered_map>

#include "keyfold/v1/usage.pb.h"

namespace keyfold::projections {

/// The column families of the usage projections, see usage_rows.h.
struct UsageFamilies {
  rocksdb::ColumnFamilyHandle* minutes = nullptr;
  rocksdb::ColumnFamilyHandle* days = nullptr;
  rocksdb::ColumnFamilyHandle* last_used = nullptr;
  rocksdb::ColumnFamilyHandle* windows = nullptr;
};

/// What usage adds to the rows, summed up first, so that a busy key costs a batch few rows. Not thread-safe.
class UsageChanges {
 public:
  void add(const v1::UsageBatch& batch);
  /// How many sums there are: a measure of the memory.
  [[nodiscard]] std::size_t rows() const { return cells_.size() + windows_.size(); }
  /// Adds the changes, as merges, to a write.
  [[nodiscard]] rocksdb::Status write_to(rocksdb::WriteBatch& write, const UsageFamilies& families) const;

 private:
  /// Verifications of one key with one outcome in one minute.
  struct Cell {
    std::string workspace_id;
    std::string owner;
    std::string keyspace_id;
    std::string key_id;
    std::string outcome;
    std::int64_t minute_ms = 0;
    std::uint64_t count = 0;
  };
  void add(const v1::Verification& verification);
  void add(const v1::WindowCharge& charge);
  static rocksdb::Status write_cell(const Cell& cell, rocksdb::WriteBatch& write, const UsageFamilies& families);

  std::unordered_map<std::string, Cell> cells_;
  std::unordered_map<std::string, std::int64_t> windows_;  // by row key
  std::string cell_key_;                                   // reused
};

}  // namespace keyfold::projections
