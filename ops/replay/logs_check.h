#pragma once

#include <map>
#include <optional>
#include <vector>

#include "ops/replay/log_check.h"
#include "projections/audit_tiles.h"

namespace keyfold::ops {

/// What was signed, by tree.
using SignedHeads = std::map<projections::TreeId, std::vector<events::TreeHead>>;

/// What came out for one log.
struct CheckedLog {
  std::string name;
  std::uint64_t size = 0;
  Digest root{};
  std::uint64_t signed_size = 0;  // of the largest checkpoint that it was held against
  std::vector<Finding> findings;
};

/// Checks all partitions' records and the directory that their events make, each as LogCheck does.
class LogsCheck {
 public:
  /// `tiles`: what the audit store saw; null when it is not there. It outlives this.
  LogsCheck(std::uint32_t partitions, SignedHeads heads, const projections::AuditTiles* tiles);

  /// In the order of partitions and sequences.
  void add(const events::Position& position, std::optional<events::RecordView> record);
  /// The partitions in order, then the directory. Once, at the end.
  [[nodiscard]] std::vector<CheckedLog> finish();

 private:
  void add_to_directory(events::RecordView record);
  void check_directory();

  SignedHeads heads_;
  std::vector<LogCheck> partitions_;
  std::vector<std::uint64_t> directory_sizes_;  // by partition, as the audit store's fold knows them
  events::MerkleFrontier directory_;
  std::vector<events::TreeHead> directory_heads_;  // the smallest last
  std::vector<Finding> directory_findings_;
  std::vector<Finding> foreign_;  // records of partitions that the log doesn't have
};

}  // namespace keyfold::ops
