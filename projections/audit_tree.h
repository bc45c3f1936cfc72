#pragma once

#include <rocksdb/write_batch.h>

#include <cstdint>
#include <string>
#include <vector>

#include "projections/audit_rows.h"
#include "schemas/base/hash.h"

namespace keyfold::projections {

/// Column families that the rows go to.
struct AuditFamilies {
  rocksdb::ColumnFamilyHandle* meta = nullptr;
  rocksdb::ColumnFamilyHandle* tiles = nullptr;
  rocksdb::ColumnFamilyHandle* index = nullptr;
};

/// Puts a row into the batch. Only a batch of 4 GiB could refuse it, which ends the process.
void put_row(rocksdb::WriteBatch& out, rocksdb::ColumnFamilyHandle* family, const std::string& key,
             const std::string& value);

/// A tree that grows by leaves into tiles. A value.
class AuditTree {
 public:
  AuditTree() = default;
  /// Goes on at `size`; `edges` are the hashes of the rightmost tile of each level that is not full.
  AuditTree(TreeId id, std::uint64_t size, std::vector<std::string> edges)
      : id_(id), size_(size), edges_(std::move(edges)) {}

  /// Writes the tiles that the leaf fills.
  void add(const Digest& leaf, const AuditFamilies& families, rocksdb::WriteBatch& out);
  /// Writes the tiles at the right edge that changed since it was last called.
  void finish(const AuditFamilies& families, rocksdb::WriteBatch& out);

  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  TreeId id_ = 0;
  std::uint64_t size_ = 0;
  std::vector<std::string> edges_;
  std::size_t changed_levels_ = 0;  // of the edges, from level 0 on
};

}  // namespace keyfold::projections
