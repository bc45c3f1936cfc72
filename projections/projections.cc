#include "projections/projections.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>

#include "projections/catch_up.h"
#include "projections/digest.h"
#include "projections/each_partition.h"
#include "projections/index_loader.h"
#include "projections/open.h"
#include "projections/partition_folder.h"
#include "projections/store.h"
#include "schemas/base/fault_point.h"

namespace keyfold::projections {
namespace {

/// What one partition's writer brings forward, and what others read of it.
struct Partition {
  Partition(const Store& store, events::PartitionId id, rows::CheckpointRow at)
      : rows(store, id), checkpoint(std::move(at)), next(slowest(checkpoint)) {}

  const StoreReader rows;
  rows::CheckpointRow checkpoint;  // writer only
  bool failed = false;             // writer only
  KeyIndex keys;
  RatelimitIndex ratelimits;
  std::atomic<events::Sequence> next;  // changed under `mutex`, so that no waiter misses it
  mutable std::mutex mutex;
  mutable std::condition_variable advanced;
};

class RocksProjections final : public Projections {
 public:
  RocksProjections(std::unique_ptr<Store> store, std::vector<rows::CheckpointRow> checkpoints)
      : store_(std::move(store)) {
    events::PartitionId id = 0;
    for (rows::CheckpointRow& checkpoint : checkpoints) {
      partitions_.push_back(std::make_unique<Partition>(*store_, id++, std::move(checkpoint)));
    }
  }

  [[nodiscard]] Status load() {
    return for_each_partition(partitions(), [this](events::PartitionId partition) {
      return load_indexes(*store_, partition, at(partition).keys, root_keys_, at(partition).ratelimits);
    });
  }

  [[nodiscard]] Status commit(events::PartitionId partition, const Changes& changes, events::Sequence next) override {
    Partition& part = at(partition);
    if (part.failed || next < part.next) {
      return fail(ErrorCode::kInternal,
                  part.failed ? "a commit before this one failed" : "a commit would set the projections back",
                  events::to_string(events::Position{partition, next}), "restart keyfold");
    }
    for (auto& projector : *part.checkpoint.mutable_projectors()) projector.set_next(next);
    KEYFOLD_FAULT_POINT("projector.before_commit");
    Status written = store_->write(partition, changes, part.checkpoint);
    KEYFOLD_FAULT_POINT("projector.after_commit");
    if (!written) {
      // A later commit would leave a gap that no replay ever fills.
      part.failed = true;
      return written;
    }
    part.keys.apply(changes, part.rows);
    root_keys_.apply(partition, changes);
    part.ratelimits.apply(changes);
    {
      const std::lock_guard lock(part.mutex);
      part.next = next;
    }
    part.advanced.notify_all();
    return {};
  }

  [[nodiscard]] const RowReader& reader(events::PartitionId partition) const override { return at(partition).rows; }

  void scan(events::PartitionId partition, Table table, std::string_view prefix, std::string_view from,
            const RowVisitor& visit) const override {
    const Status visited = store_->visit(partition, table, prefix, from, nullptr, Extent::kPage, visit);
    if (visited) return;
    // As for a single row: what can't be read must not pass for absent.
    std::fprintf(stderr, "keyfold: fatal: %s\n", visited.error().to_string().c_str());
    std::abort();
  }

  [[nodiscard]] const KeyIndex& keys(events::PartitionId partition) const override { return at(partition).keys; }
  [[nodiscard]] const RootKeyIndex& root_keys() const override { return root_keys_; }
  [[nodiscard]] const RatelimitIndex& ratelimits(events::PartitionId partition) const override {
    return at(partition).ratelimits;
  }
  [[nodiscard]] std::uint32_t partitions() const override { return static_cast<std::uint32_t>(partitions_.size()); }
  [[nodiscard]] events::Sequence next(events::PartitionId partition) const override { return at(partition).next; }

  [[nodiscard]] bool wait(const events::Position& position, std::int64_t timeout_ms) const override {
    // A client names the position.
    if (position.partition >= partitions_.size()) return false;
    const Partition& part = at(position.partition);
    const auto reached = [&] { return position.sequence < part.next; };
    if (reached()) return true;
    std::unique_lock lock(part.mutex);
    return part.advanced.wait_for(lock, std::chrono::milliseconds(timeout_ms), reached);
  }

  [[nodiscard]] Result<std::vector<StateDigest>> digest() const override { return digest_of(*store_); }
  [[nodiscard]] Status flush() override { return store_->flush(); }
  [[nodiscard]] Status write_snapshot(const std::filesystem::path& directory) const override {
    return store_->write_snapshot(directory);
  }

 private:
  [[nodiscard]] Partition& at(events::PartitionId partition) const { return *partitions_.at(partition); }

  std::unique_ptr<Store> store_;
  std::vector<std::unique_ptr<Partition>> partitions_;
  RootKeyIndex root_keys_;
};

}  // namespace

Result<std::unique_ptr<Projections>> open_projections(const std::filesystem::path& directory, const events::Log& log,
                                                      std::span<const Projector> registry,
                                                      const ProgressSink& progress) {
  auto store = Store::open(directory, Store::Access::kReadWrite);
  if (!store) return tl::unexpected(store.error());
  auto checkpoints = catch_up(**store, log, registry, progress);
  if (!checkpoints) return tl::unexpected(checkpoints.error());
  auto projections = std::make_unique<RocksProjections>(*std::move(store), *std::move(checkpoints));
  if (Status loaded = projections->load(); !loaded) return tl::unexpected(loaded.error());
  return projections;
}

Result<std::unique_ptr<Projections>> Projections::open(const std::filesystem::path& directory, const events::Log& log,
                                                       ProgressSink progress) {
  return open_projections(directory, log, projectors(), progress);
}

}  // namespace keyfold::projections
