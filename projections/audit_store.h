#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "events/log.h"
#include "events/tile.h"
#include "projections/audit_rows.h"
#include "schemas/base/function_ref.h"
#include "schemas/base/result.h"

namespace keyfold::projections {

enum class EventOrder { kOldestFirst, kNewestFirst };

/// What an auditor asks a log for: each partition's Merkle tree, whose leaves are all of its events, the directory's,
/// whose leaves are checkpoints of those, and where the public events of a workspace, a resource or a principal are. A
/// RocksDB database without a WAL (the log is the WAL), folded beside the write path and therefore a moment behind it:
/// who must see an event waits for its position. `fold` and `catch_up` are called by one thread at a time; everything
/// else is thread-safe. The log outlives it.
class AuditStore {
 public:
  /// Opens or creates the directory; one that another version wrote is begun anew. What the log holds beyond it is
  /// folded later. Refuses a store that is ahead of the log, or of another log (kDataLoss).
  [[nodiscard]] static Result<std::unique_ptr<AuditStore>> open(const std::filesystem::path& directory,
                                                                const events::Log& log);
  virtual ~AuditStore() = default;

  [[nodiscard]] virtual std::uint32_t partitions() const = 0;
  /// Events of the partition below it are in.
  [[nodiscard]] virtual events::Sequence next(events::PartitionId partition) const = 0;
  /// Waits until the position's event is in. False when the time is over, or there is no such partition.
  [[nodiscard]] virtual bool wait(const events::Position& position, std::int64_t timeout_ms) const = 0;

  /// Gets sequences one by one, in order; returns false to stop.
  using SequenceVisitor = FunctionRef<bool(events::Sequence)>;
  /// Visits the public events of a workspace, in its partition, beginning with `from` (included; with kNewestFirst the
  /// highest number begins with the latest).
  [[nodiscard]] virtual Status scan_workspace(events::PartitionId partition, std::string_view workspace_id,
                                              events::Sequence from, EventOrder order, SequenceVisitor visit) const = 0;
  /// The same of one resource: the stream that events name (`stream_kind`, `stream_id`).
  [[nodiscard]] virtual Status scan_resource(events::PartitionId partition, std::string_view workspace_id,
                                             std::string_view kind, std::string_view id, events::Sequence from,
                                             EventOrder order, SequenceVisitor visit) const = 0;
  /// The same of who asked for the change: a root key's or a user's id.
  [[nodiscard]] virtual Status scan_principal(events::PartitionId partition, std::string_view workspace_id,
                                              std::string_view principal_id, events::Sequence from, EventOrder order,
                                              SequenceVisitor visit) const = 0;

  /// The first event, public or not, that was decided at that time (Unix ms) or later; `next` when there is none. All
  /// events before it were decided earlier: so the state "as of t" is that before first_at_or_after(t + 1). Clocks may
  /// step back: events behind it can bear earlier times.
  [[nodiscard]] virtual Result<events::Sequence> first_at_or_after(events::PartitionId partition,
                                                                   std::int64_t time_ms) const = 0;

  /// Leaves of a partition's tree (`next`), or of the directory's: kDirectoryTree.
  [[nodiscard]] virtual std::uint64_t tree_size(TreeId tree) const = 0;
  /// The root of a tree's first `size` leaves; as the proofs, kInvalidArgument when so many are not in.
  [[nodiscard]] virtual Result<Digest> root(TreeId tree, std::uint64_t size) const = 0;
  /// Proves that the leaf is among the first `size` (events/merkle.h).
  [[nodiscard]] virtual Result<std::vector<Digest>> inclusion_proof(TreeId tree, std::uint64_t index,
                                                                    std::uint64_t size) const = 0;
  /// Proves that the first `from` leaves are the beginning of the first `to`.
  [[nodiscard]] virtual Result<std::vector<Digest>> consistency_proof(TreeId tree, std::uint64_t from,
                                                                      std::uint64_t to) const = 0;
  /// The tile's hashes; kNotFound when it doesn't hold so many yet.
  [[nodiscard]] virtual Result<std::string> tile(TreeId tree, const events::Tile& tile) const = 0;
  /// A leaf of the directory: a partition's checkpoint. kNotFound beyond its end.
  [[nodiscard]] virtual Result<std::string> directory_leaf(std::uint64_t index) const = 0;
  /// By partition, how large the tree of its latest checkpoint in the directory is.
  [[nodiscard]] virtual std::vector<std::uint64_t> directory_sizes() const = 0;

  /// Folds at most one batch of the partition and commits it; returns how many events that were. kDataLoss when they
  /// don't continue the chain.
  [[nodiscard]] virtual Result<std::uint64_t> fold(events::PartitionId partition) = 0;
  /// Folds all that the log holds.
  [[nodiscard]] Status catch_up();
  /// Rests for that long, or until somebody waits for more.
  virtual void rest(const std::stop_token& stop, std::int64_t time_ms) = 0;
  /// Makes everything folded survive the end of the process.
  [[nodiscard]] virtual Status flush() = 0;
};

}  // namespace keyfold::projections
