#include "projections/audit_tree.h"

#include <algorithm>
#include <cstdlib>

#include "events/tile.h"

namespace keyfold::projections {

void put_row(rocksdb::WriteBatch& out, rocksdb::ColumnFamilyHandle* family, const std::string& key,
             const std::string& value) {
  if (!out.Put(family, key, value).ok()) std::abort();
}

void AuditTree::add(const Digest& leaf, const AuditFamilies& families, rocksdb::WriteBatch& out) {
  ++size_;
  Digest hash = leaf;
  for (unsigned level = 0;; ++level) {
    if (edges_.size() <= level) edges_.resize(level + 1);
    changed_levels_ = std::max<std::size_t>(changed_levels_, level + 1);
    std::string& edge = edges_[level];
    edge += as_view(hash);
    if (edge.size() < events::kTileWidth * events::kHashBytes) return;
    const std::uint64_t index = events::hashes_at(level, size_) / events::kTileWidth - 1;
    put_row(out, families.tiles, tile_key(id_, level, index), edge);
    hash = events::run_hash(edge);
    edge.clear();
  }
}

void AuditTree::finish(const AuditFamilies& families, rocksdb::WriteBatch& out) {
  for (unsigned level = 0; level < changed_levels_; ++level) {
    if (edges_[level].empty()) continue;
    const std::uint64_t index = events::hashes_at(level, size_) / events::kTileWidth;
    put_row(out, families.tiles, tile_key(id_, level, index), edges_[level]);
  }
  changed_levels_ = 0;
}

}  // namespace keyfold::projections
