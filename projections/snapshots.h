#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "events/log.h"
#include "projections/projections.h"

namespace keyfold::projections {

/// The read models as they were when a snapshot was made.
struct Snapshot {
  std::filesystem::path store;          // a projection directory that nobody writes
  std::vector<events::Sequence> nexts;  // of each partition: events below it are in
  std::int64_t made_at_ms = 0;
};

/// Copies of the read models, made now and then, so that what was at an earlier time, and a rebuild, cost the events
/// since the snapshot before it instead of the whole log. They share their files with the read models and each other as
/// long as neither rewrites them, and are disposable like these. Thread-safe.
class Snapshots {
 public:
  /// `keep_max` at least 1.
  Snapshots(std::filesystem::path directory, std::size_t keep_max)
      : directory_(std::move(directory)), keep_max_(keep_max) {}

  /// Those that this build can use, from the oldest on. What is left of a cut off `make` does not count.
  [[nodiscard]] std::vector<Snapshot> list() const;

  /// Makes one of what is committed, and removes what is too much: of those between the first and the last the one that
  /// leaves the smallest gap, so that they stay spread over the whole log.
  [[nodiscard]] Status make(const Projections& projections, std::int64_t now_ms);

  /// The newest one that holds no event of the partition from `end` on.
  [[nodiscard]] std::optional<Snapshot> newest_before(events::PartitionId partition, events::Sequence end) const;

  /// Since the start.
  struct Stats {
    std::uint64_t made = 0;
    std::uint64_t failed = 0;
  };
  [[nodiscard]] Stats stats() const { return {made_, failed_}; }

 private:
  [[nodiscard]] Status make_one(const Projections& projections, std::int64_t now_ms) const;
  [[nodiscard]] Status thin_out() const;
  [[nodiscard]] std::optional<std::vector<events::Sequence>> nexts_of(const std::string& name) const;

  const std::filesystem::path directory_;
  const std::size_t keep_max_;
  std::mutex making_;
  mutable std::mutex known_mutex_;
  mutable std::map<std::string, std::optional<std::vector<events::Sequence>>> known_;  // by name; they never change
  std::atomic<std::uint64_t> made_{0};
  std::atomic<std::uint64_t> failed_{0};
};

/// Which of `totals`, events in each snapshot from the oldest on, is the first to go; nothing when there are no more
/// than `keep_max`. Pure.
[[nodiscard]] std::optional<std::size_t> superfluous(std::span<const std::uint64_t> totals, std::size_t keep_max);

/// Makes `into`, which must be missing, a writable copy of the snapshot's store. Files that never change are shared.
[[nodiscard]] Status copy_store(const std::filesystem::path& store, const std::filesystem::path& into);

/// When the projection directory is missing, puts the newest snapshot in its place, unless that is ahead of the log:
/// opening the projections then folds only what came since. Tells whether it did.
[[nodiscard]] Result<bool> restore_newest(const Snapshots& snapshots, const std::filesystem::path& projections,
                                          const events::Log& log);

}  // namespace keyfold::projections
