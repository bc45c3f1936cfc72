#include "projections/snapshots.h"

#include <algorithm>
#include <numeric>

#include "projections/projector.h"
#include "projections/store.h"

namespace keyfold::projections {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kUnfinished = ".unfinished";

fs::path store_of(const fs::path& snapshot) { return snapshot / "store"; }

/// Whether every projector of this build wrote its rows in the form that it has today.
bool is_current(const rows::CheckpointRow& checkpoint) {
  const auto registry = projectors();
  return std::ranges::all_of(registry, [&](const Projector& projector) {
    return std::ranges::any_of(checkpoint.projectors(), [&](const auto& stored) {
      return stored.name() == projector.name && stored.version() == projector.version;
    });
  });
}

/// Nothing when the store can't be read or is of another build.
std::optional<std::vector<events::Sequence>> read_nexts(const fs::path& directory) {
  const auto store = Store::open(directory, Store::Access::kReadOnly);
  if (!store) return std::nullopt;
  const auto row = (*store)->read_directory_row();
  if (!row || !*row) return std::nullopt;
  std::vector<events::Sequence> nexts;
  for (events::PartitionId partition = 0; partition < (*row)->partitions(); ++partition) {
    const auto checkpoint = (*store)->read_checkpoint(partition);
    if (!checkpoint) return std::nullopt;
    if (checkpoint->projectors().empty()) {
      nexts.push_back(0);
      continue;
    }
    if (!is_current(*checkpoint)) return std::nullopt;
    nexts.push_back(checkpoint->projectors(0).next());
  }
  return nexts;
}

std::uint64_t total_of(const Snapshot& snapshot) {
  return std::accumulate(snapshot.nexts.begin(), snapshot.nexts.end(), std::uint64_t{0});
}

Status io_error(const std::string& what, const fs::path& where, const std::error_code& error) {
  return fail(ErrorCode::kIo, what + ": " + error.message(), where, "check the disk's space and permissions");
}

}  // namespace

std::vector<Snapshot> Snapshots::list() const {
  std::vector<Snapshot> snapshots;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory_, error)) {
    const std::string name = entry.path().filename();
    if (name.empty() || name.find_first_not_of("0123456789") != std::string::npos) continue;
    auto nexts = nexts_of(name);
    if (nexts) snapshots.push_back({store_of(entry.path()), *std::move(nexts), std::stoll(name)});
  }
  std::ranges::sort(snapshots, {}, total_of);
  return snapshots;
}

// Opening one takes milliseconds, which adds up.
std::optional<std::vector<events::Sequence>> Snapshots::nexts_of(const std::string& name) const {
  const std::lock_guard lock(known_mutex_);
  const auto known = known_.find(name);
  if (known != known_.end()) return known->second;
  return known_[name] = read_nexts(store_of(directory_ / name));
}

Status Snapshots::make(const Projections& projections, std::int64_t now_ms) {
  const std::lock_guard lock(making_);
  Status done = make_one(projections, now_ms);
  if (done) done = thin_out();
  ++(done ? made_ : failed_);
  return done;
}

// Under another name first: half a snapshot must not pass for one.
Status Snapshots::make_one(const Projections& projections, std::int64_t now_ms) const {
  std::error_code error;
  fs::create_directories(directory_, error);
  if (error) return io_error("the snapshots' directory can't be made", directory_, error);
  const fs::path unfinished = directory_ / kUnfinished;
  fs::remove_all(unfinished, error);
  fs::create_directory(unfinished, error);
  if (error) return io_error("a snapshot can't be made", unfinished, error);
  if (Status made = projections.write_snapshot(store_of(unfinished)); !made) return made;
  fs::rename(unfinished, directory_ / std::to_string(now_ms), error);
  return error ? io_error("a snapshot can't be made", directory_, error) : Status();
}

Status Snapshots::thin_out() const {
  std::vector<Snapshot> snapshots = list();
  std::vector<std::uint64_t> totals;
  std::ranges::transform(snapshots, std::back_inserter(totals), total_of);
  while (const auto index = superfluous(totals, keep_max_)) {
    const auto at = static_cast<std::ptrdiff_t>(*index);
    std::error_code error;
    fs::remove_all(snapshots[*index].store.parent_path(), error);
    if (error) return io_error("an old snapshot can't be removed", snapshots[*index].store, error);
    snapshots.erase(snapshots.begin() + at);
    totals.erase(totals.begin() + at);
  }
  return {};
}

std::optional<Snapshot> Snapshots::newest_before(events::PartitionId partition, events::Sequence end) const {
  std::optional<Snapshot> best;
  for (Snapshot& snapshot : list()) {
    if (partition >= snapshot.nexts.size() || snapshot.nexts[partition] > end) continue;
    if (!best || best->nexts[partition] <= snapshot.nexts[partition]) best = std::move(snapshot);
  }
  return best;
}

std::optional<std::size_t> superfluous(std::span<const std::uint64_t> totals, std::size_t keep_max) {
  if (totals.size() <= keep_max) return std::nullopt;
  if (totals.size() < 3) return 0;  // the newest one stays
  std::size_t found = 1;
  for (std::size_t i = 1; i + 1 < totals.size(); ++i) {
    if (totals[i + 1] - totals[i - 1] < totals[found + 1] - totals[found - 1]) found = i;
  }
  return found;
}

Status copy_store(const fs::path& store, const fs::path& into) {
  std::error_code error;
  fs::create_directories(into, error);
  if (error) return io_error("a copy of a snapshot can't be made", into, error);
  for (const auto& entry : fs::directory_iterator(store, error)) {
    const fs::path to = into / entry.path().filename();
    if (entry.path().extension() == ".sst") {
      fs::create_hard_link(entry.path(), to, error);
      if (!error) continue;
    }
    fs::copy_file(entry.path(), to, error);
    if (error) return io_error("a copy of a snapshot can't be made", to, error);
  }
  return error ? io_error("a snapshot can't be read", store, error) : Status();
}

Result<bool> restore_newest(const Snapshots& snapshots, const fs::path& projections, const events::Log& log) {
  std::error_code error;
  if (fs::exists(projections, error) && !fs::is_empty(projections, error)) return false;
  const std::vector<Snapshot> known = snapshots.list();
  for (auto snapshot = known.rbegin(); snapshot != known.rend(); ++snapshot) {
    bool fits = snapshot->nexts.size() == log.partitions();
    for (events::PartitionId partition = 0; fits && partition < log.partitions(); ++partition) {
      fits = snapshot->nexts[partition] <= log.tail(partition).next;
    }
    if (!fits) continue;
    // Under another name first: half a copy must not pass for the projections.
    fs::path copy = projections;
    copy += ".copy";
    fs::remove_all(copy, error);
    if (Status copied = copy_store(snapshot->store, copy); !copied) return tl::unexpected(copied.error());
    fs::remove(projections, error);
    fs::rename(copy, projections, error);
    if (error) return tl::unexpected(io_error("the projections can't be restored", projections, error).error());
    return true;
  }
  return false;
}

}  // namespace keyfold::projections
