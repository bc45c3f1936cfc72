#include "projections/as_of.h"

#include <algorithm>

#include "projections/partition_folder.h"
#include "projections/projector.h"
#include "projections/store.h"

namespace keyfold::projections {
namespace {

constexpr std::size_t kRecentViews = 4;
constexpr std::uint64_t kTellEvents = 10'000;

rows::CheckpointRow nothing_folded() {
  rows::CheckpointRow checkpoint;
  for (const Projector& projector : projectors()) {
    auto& at = *checkpoint.add_projectors();
    at.set_name(projector.name.data(), projector.name.size());
    at.set_version(projector.version);
  }
  return checkpoint;
}

/// The store's checkpoint with the projectors in the registry's order.
Result<rows::CheckpointRow> checkpoint_of(const Store& store, events::PartitionId partition) {
  const auto stored = store.read_checkpoint(partition);
  if (!stored) return stored;
  rows::CheckpointRow checkpoint = nothing_folded();
  for (auto& at : *checkpoint.mutable_projectors()) {
    for (const auto& known : stored->projectors()) {
      if (known.name() == at.name() && known.version() == at.version()) at.set_next(known.next());
    }
  }
  return checkpoint;
}

}  // namespace

AsOfView::AsOfView(std::filesystem::path directory, events::PartitionId partition, events::Sequence end)
    : directory_(std::move(directory)), partition_(partition), end_(end) {}

AsOfView::~AsOfView() {
  rows_.reset();
  store_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

Status AsOfView::scan(Table table, std::string_view prefix,
                      const std::function<bool(std::string_view, std::string_view)>& visit) const {
  return store_->visit(partition_, table, prefix, {}, nullptr, Extent::kPage, visit);
}

AsOf::AsOf(const events::Log& log, const Snapshots& snapshots, std::filesystem::path scratch)
    : log_(log), snapshots_(snapshots), scratch_(std::move(scratch)) {
  std::error_code ignored;  // what can't be removed shows when a view is made
  std::filesystem::remove_all(scratch_, ignored);
}

AsOf::~AsOf() {
  recent_.clear();
  std::error_code ignored;
  std::filesystem::remove_all(scratch_, ignored);
}

Result<std::shared_ptr<const AsOfView>> AsOf::at(events::PartitionId partition, events::Sequence end,
                                                 const ProgressSink& progress) {
  if (partition >= log_.partitions() || end > log_.tail(partition).next) {
    return fail(ErrorCode::kInvalidArgument, "the log does not reach that far",
                events::to_string(events::Position{partition, end}), "ask for an earlier position");
  }
  const std::lock_guard lock(mutex_);
  const auto known = std::ranges::find_if(
      recent_, [&](const auto& view) { return view->partition() == partition && view->end() == end; });
  if (known != recent_.end()) {
    std::rotate(known, known + 1, recent_.end());
    return recent_.back();
  }
  auto view = make(partition, end, progress);
  if (!view) return view;
  recent_.push_back(*view);
  if (recent_.size() > kRecentViews) recent_.pop_front();
  return view;
}

Result<std::shared_ptr<const AsOfView>> AsOf::make(events::PartitionId partition, events::Sequence end,
                                                   const ProgressSink& progress) {
  std::shared_ptr<AsOfView> view(new AsOfView(scratch_ / std::to_string(made_++), partition, end));
  if (const auto snapshot = snapshots_.newest_before(partition, end)) {
    if (Status copied = copy_store(snapshot->store, view->directory_); !copied) return tl::unexpected(copied.error());
  }
  auto store = Store::open(view->directory_, Store::Access::kReadWrite);
  if (!store) return tl::unexpected(store.error());
  view->store_ = *std::move(store);
  auto checkpoint = checkpoint_of(*view->store_, partition);
  if (!checkpoint) return tl::unexpected(checkpoint.error());
  Progress told{.what = "folding", .done = 0, .total = end - slowest(*checkpoint)};
  std::uint64_t untold = 0;
  PartitionFolder folder(*view->store_, log_, projectors(), partition, *std::move(checkpoint),
                         [&](std::uint64_t events) {
                           told.done += events;
                           untold += events;
                           if (!progress || (untold < kTellEvents && told.done < told.total)) return;
                           untold = 0;
                           progress(told);
                         });
  if (Status folded = folder.run(end); !folded) return tl::unexpected(folded.error());
  view->rows_ = std::make_unique<StoreReader>(*view->store_, partition);
  return view;
}

}  // namespace keyfold::projections
