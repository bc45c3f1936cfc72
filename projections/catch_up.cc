#include "projections/catch_up.h"

#include <algorithm>
#include <mutex>

#include "projections/each_partition.h"
#include "projections/partition_folder.h"

namespace keyfold::projections {
namespace {

using Checkpoints = std::vector<rows::CheckpointRow>;

/// Of a directory's layout; of a table's rows it is the projector's version that counts.
constexpr std::uint32_t kDirectoryFormat = 1;
/// Below it a crash may as well fold again what the catch-up did.
constexpr std::uint64_t kFlushEvents = 10'000;

/// Tells the sink about every percent, from whichever thread.
class Reporter {
 public:
  Reporter(const ProgressSink& sink, std::string what, std::uint64_t total)
      : sink_(sink), progress_{std::move(what), 0, total} {
    if (sink_ && total > 0) sink_(progress_);
  }
  void advance(std::uint64_t events) {
    const std::lock_guard lock(mutex_);
    progress_.done += events;
    if (!sink_ || (progress_.done < progress_.total && progress_.done - told_ < progress_.total / 100)) return;
    told_ = progress_.done;
    sink_(progress_);
  }

 private:
  const ProgressSink& sink_;
  std::mutex mutex_;
  Progress progress_;
  std::uint64_t told_ = 0;
};

Status check_directory(Store& store, std::uint32_t partitions) {
  const auto row = store.read_directory_row();
  if (!row) return tl::unexpected(row.error());
  if (!row->has_value()) {
    rows::DirectoryRow made;
    made.set_format(kDirectoryFormat);
    made.set_partitions(partitions);
    return store.write_directory_row(made);
  }
  const std::uint32_t format = (*row)->format();
  if (format != kDirectoryFormat) {
    return fail(ErrorCode::kFailedPrecondition,
                "the projections have format " + std::to_string(format) + ", this build reads " +
                    std::to_string(kDirectoryFormat),
                store.directory(), rebuild_hint(store.directory()));
  }
  if ((*row)->partitions() != partitions) {
    return fail(ErrorCode::kFailedPrecondition,
                "the projections are of a log with " + std::to_string((*row)->partitions()) +
                    " partitions, this one has " + std::to_string(partitions),
                store.directory(), "check that this is the right log; " + rebuild_hint(store.directory()));
  }
  return {};
}

/// The stored checkpoint in the registry's order; a projector that was never run starts at version 0.
Result<Checkpoints> read_checkpoints(const Store& store, std::span<const Projector> registry,
                                     std::uint32_t partitions) {
  Checkpoints checkpoints(partitions);
  for (events::PartitionId partition = 0; partition < partitions; ++partition) {
    const auto stored = store.read_checkpoint(partition);
    if (!stored) return tl::unexpected(stored.error());
    for (const Projector& projector : registry) {
      auto& checkpoint = *checkpoints[partition].add_projectors();
      for (const auto& known : stored->projectors()) {
        if (known.name() == projector.name) checkpoint = known;
      }
      checkpoint.set_name(projector.name.data(), projector.name.size());
    }
  }
  return checkpoints;
}

/// A checkpoint ahead of the log means that the log lost records, whatever becomes of the projector.
Status check_against_log(const Store& store, const events::Log& log, const Checkpoints& checkpoints) {
  for (events::PartitionId partition = 0; partition < checkpoints.size(); ++partition) {
    const events::Sequence tail = log.tail(partition).next;
    for (const auto& projector : checkpoints[partition].projectors()) {
      if (projector.next() <= tail) continue;
      return fail(ErrorCode::kDataLoss,
                  "the log has lost records: the " + projector.name() + " projector has seen " +
                      std::to_string(projector.next()) + " of partition " + std::to_string(partition) +
                      ", the log holds " + std::to_string(tail),
                  store.directory(),
                  "restore the log from a backup or a replica; if this log is the one to go on with, " +
                      rebuild_hint(store.directory()));
    }
  }
  return {};
}

/// Sets back every projector whose version differs in any partition; returns what is to be told about it.
Result<std::string> reset_outdated(Store& store, std::span<const Projector> registry, Checkpoints& checkpoints) {
  std::vector<Table> tables;
  std::string what;
  for (int i = 0; i < static_cast<int>(registry.size()); ++i) {
    const Projector& projector = registry[static_cast<std::size_t>(i)];
    const auto outdated = std::find_if(checkpoints.begin(), checkpoints.end(), [&](const rows::CheckpointRow& row) {
      return row.projectors(i).version() != projector.version;
    });
    if (outdated == checkpoints.end()) continue;
    const std::uint32_t version = outdated->projectors(i).version();
    tables.push_back(projector.table);
    if (version != 0) {
      what += (what.empty() ? "rebuilding " : ", ") + std::string(projector.name) + " (version " +
              std::to_string(version) + " to " + std::to_string(projector.version) + ")";
    }
    for (rows::CheckpointRow& row : checkpoints) {
      row.mutable_projectors(i)->set_version(projector.version);
      row.mutable_projectors(i)->set_next(0);
    }
  }
  if (!tables.empty()) {
    if (Status reset = store.reset(tables, checkpoints); !reset) return tl::unexpected(reset.error());
  }
  return what.empty() ? "catching up" : what;
}

}  // namespace

Result<std::vector<rows::CheckpointRow>> catch_up(Store& store, const events::Log& log,
                                                  std::span<const Projector> registry, const ProgressSink& progress) {
  const std::uint32_t partitions = log.partitions();
  if (Status checked = check_directory(store, partitions); !checked) return tl::unexpected(checked.error());
  auto checkpoints = read_checkpoints(store, registry, partitions);
  if (!checkpoints) return checkpoints;
  if (Status checked = check_against_log(store, log, *checkpoints); !checked) return tl::unexpected(checked.error());
  auto what = reset_outdated(store, registry, *checkpoints);
  if (!what) return tl::unexpected(what.error());

  std::vector<events::Sequence> ends;
  std::uint64_t total = 0;
  for (events::PartitionId partition = 0; partition < partitions; ++partition) {
    ends.push_back(log.tail(partition).next);
    total += ends.back() - slowest((*checkpoints)[partition]);
  }
  Reporter reporter(progress, *std::move(what), total);
  const Status folded = for_each_partition(partitions, [&](events::PartitionId partition) -> Status {
    PartitionFolder folder(store, log, registry, partition, (*checkpoints)[partition],
                           [&reporter](std::uint64_t events) { reporter.advance(events); });
    if (Status done = folder.run(ends[partition]); !done) return done;
    (*checkpoints)[partition] = folder.checkpoint();
    return {};
  });
  if (!folded) return tl::unexpected(folded.error());
  if (total >= kFlushEvents) {
    if (Status flushed = store.flush(); !flushed) return tl::unexpected(flushed.error());
  }
  return checkpoints;
}

}  // namespace keyfold::projections
