#pragma once

#include <rocksdb/write_batch.h>

#include <string>
#include <vector>

#include "events/event.h"
#include "projections/audit_rows.h"
#include "projections/audit_tree.h"
#include "schemas/base/result.h"

namespace keyfold::projections {

/// The directory log: its leaves are the checkpoints of partitions that TreeHeadsPublished events name, each behind an
/// older one of its partition. A value.
class DirectoryFold {
 public:
  DirectoryFold() = default;
  DirectoryFold(AuditTree tree, DirectoryCheckpoint checkpoint)
      : tree_(std::move(tree)), checkpoint_(std::move(checkpoint)) {}

  void add(const v1::TreeHeadsPublished& published, const AuditFamilies& families, rocksdb::WriteBatch& out);
  void finish(const AuditFamilies& families, rocksdb::WriteBatch& out);
  [[nodiscard]] const DirectoryCheckpoint& checkpoint() const { return checkpoint_; }

 private:
  AuditTree tree_;
  DirectoryCheckpoint checkpoint_;
};

/// The fold of one partition's events into rows of the audit store. A value: a batch that can't be written is undone by
/// going back to a copy.
class AuditFold {
 public:
  AuditFold() = default;
  AuditFold(events::PartitionId partition, const AuditCheckpoint& checkpoint, AuditTree tree)
      : partition_(partition), checkpoint_(checkpoint), tree_(std::move(tree)) {}

  /// Folds the partition's next record. kDataLoss when it doesn't continue the chain.
  [[nodiscard]] Status add(events::RecordView record, DirectoryFold& directory, const AuditFamilies& families,
                           rocksdb::WriteBatch& out);
  /// Writes what is to be known after the last record: the tiles at the right edge, and the checkpoint.
  void finish(const AuditFamilies& families, rocksdb::WriteBatch& out);

  [[nodiscard]] const AuditCheckpoint& checkpoint() const { return checkpoint_; }

 private:
  void index(const v1::EventHeader& header, const AuditFamilies& families, rocksdb::WriteBatch& out) const;

  events::PartitionId partition_ = 0;
  AuditCheckpoint checkpoint_;
  AuditTree tree_;
  v1::EventHeader header_;  // reused
};

}  // namespace keyfold::projections
