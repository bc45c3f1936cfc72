#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "events/log.h"
#include "projections/key_index.h"
#include "projections/ratelimit_index.h"
#include "projections/root_key_index.h"
#include "projections/rows.h"

namespace keyfold::projections {

/// A projector's state of one partition: equal digests at equal positions mean equal bytes.
struct StateDigest {
  std::string projector;
  std::uint32_t version = 0;
  events::PartitionId partition = 0;
  events::Sequence next = 0;  // events below it are in
  std::uint64_t rows = 0;
  Digest sha256{};
  /// `digest <projector> v<version> partition=<p> next=<n> rows=<n> sha256=<hex>`
  [[nodiscard]] std::string to_string() const;
};

/// Tells how far a rebuild or catch-up is.
struct Progress {
  std::string what;  // "catching up", "rebuilding keys (version 1 to 2)"
  std::uint64_t done = 0;
  std::uint64_t total = 0;
};
using ProgressSink = std::function<void(const Progress&)>;

/// The read models: RocksDB tables without a WAL (the log is the WAL) and the in-memory indexes over them.
/// `commit` is called by each partition's writer for its own partition; everything else is thread-safe.
class Projections {
 public:
  /// Opens or creates the directory, rebuilds projectors whose version changed, and folds what the log holds beyond
  /// the checkpoints. Refuses checkpoints ahead of the log, which would mean a log that lost records.
  [[nodiscard]] static Result<std::unique_ptr<Projections>> open(const std::filesystem::path& directory,
                                                                 const events::Log& log, ProgressSink progress);
  virtual ~Projections() = default;

  /// Writes the changes and the checkpoint in one batch, then brings the indexes up to date, then wakes waiters.
  [[nodiscard]] virtual Status commit(events::PartitionId partition, const Changes& changes, events::Sequence next) = 0;

  /// Committed rows of a partition. The reader lives as long as this.
  [[nodiscard]] virtual const RowReader& reader(events::PartitionId partition) const = 0;

  /// Visits committed rows whose key begins with `prefix`, from `from` on (a whole key; empty: the prefix's first),
  /// in key order, on one consistent snapshot, until the visitor returns false.
  virtual void scan(events::PartitionId partition, Table table, std::string_view prefix, std::string_view from,
                    const std::function<bool(std::string_view key, std::string_view value)>& visit) const = 0;

  [[nodiscard]] virtual const KeyIndex& keys(events::PartitionId partition) const = 0;
  [[nodiscard]] virtual const RootKeyIndex& root_keys() const = 0;
  [[nodiscard]] virtual const RatelimitIndex& ratelimits(events::PartitionId partition) const = 0;

  [[nodiscard]] virtual std::uint32_t partitions() const = 0;
  /// Events below it are committed.
  [[nodiscard]] virtual events::Sequence next(events::PartitionId partition) const = 0;
  /// Waits until the position's event is committed. False when the time is over.
  [[nodiscard]] virtual bool wait(const events::Position& position, std::int64_t timeout_ms) const = 0;

  /// Digests of every projector and partition on one consistent snapshot.
  [[nodiscard]] virtual Result<std::vector<StateDigest>> digest() const = 0;
  /// Makes everything committed survive a restart without replay.
  [[nodiscard]] virtual Status flush() = 0;
  /// Makes `directory`, which must be missing, a projection directory of what is committed. Cheap: it shares the files
  /// that never change.
  [[nodiscard]] virtual Status write_snapshot(const std::filesystem::path& directory) const = 0;
};

/// Digests of a projection directory that no process holds open.
[[nodiscard]] Result<std::vector<StateDigest>> digest_of_directory(const std::filesystem::path& directory);

}  // namespace keyfold::projections
