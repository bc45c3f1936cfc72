#pragma once

#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>

#include "projections/projections.h"
#include "projections/snapshots.h"

namespace keyfold::projections {

class Store;

/// One partition's rows as they were once the events below `end` were folded, and no other. Thread-safe.
class AsOfView {
 public:
  ~AsOfView();
  AsOfView(const AsOfView&) = delete;
  AsOfView& operator=(const AsOfView&) = delete;

  [[nodiscard]] const RowReader& rows() const { return *rows_; }
  /// Visits the rows whose key begins with `prefix`, in key order, until the visitor returns false.
  [[nodiscard]] Status scan(Table table, std::string_view prefix,
                            const std::function<bool(std::string_view key, std::string_view value)>& visit) const;
  [[nodiscard]] events::PartitionId partition() const { return partition_; }
  [[nodiscard]] events::Sequence end() const { return end_; }

 private:
  friend class AsOf;
  AsOfView(std::filesystem::path directory, events::PartitionId partition, events::Sequence end);

  const std::filesystem::path directory_;  // removed with the view
  const events::PartitionId partition_;
  const events::Sequence end_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<RowReader> rows_;
};

/// Rows at earlier times: a copy of the newest snapshot before it, and the same folds as ever from there on. Remembers
/// the last few views. Thread-safe; one view is made at a time, and whoever asks meanwhile waits.
class AsOf {
 public:
  /// `scratch` is emptied, and must be on the snapshots' file system to be fast. All outlive it.
  AsOf(const events::Log& log, const Snapshots& snapshots, std::filesystem::path scratch);
  ~AsOf();

  /// kInvalidArgument when the partition has fewer than `end` events.
  [[nodiscard]] Result<std::shared_ptr<const AsOfView>> at(events::PartitionId partition, events::Sequence end,
                                                           const ProgressSink& progress = {});

 private:
  [[nodiscard]] Result<std::shared_ptr<const AsOfView>> make(events::PartitionId partition, events::Sequence end,
                                                             const ProgressSink& progress);

  const events::Log& log_;
  const Snapshots& snapshots_;
  const std::filesystem::path scratch_;
  std::mutex mutex_;
  std::uint64_t made_ = 0;
  std::deque<std::shared_ptr<const AsOfView>> recent_;  // the last used one at the end
};

}  // namespace keyfold::projections
