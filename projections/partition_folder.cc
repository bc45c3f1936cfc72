#include "projections/partition_folder.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "events/log_prefix.h"

namespace keyfold::projections {
namespace {

// The more rows are written at once, the closer they lie in key order (see `commit`), until the overlay leaves the
// processor's caches.
constexpr std::uint64_t kCommitEvents = 8'000;
constexpr std::size_t kCommitBytes = std::size_t{8} * 1024 * 1024;
/// Of one read: many commits, so that the log may read ahead, but not for ever on one view of its files.
constexpr std::size_t kReadRecords = 65'536;

std::string where(events::PartitionId partition, events::Sequence sequence) {
  return events::to_string(events::Position{partition, sequence});
}

}  // namespace

events::Sequence slowest(const rows::CheckpointRow& checkpoint) {
  events::Sequence next = std::numeric_limits<events::Sequence>::max();
  for (const auto& projector : checkpoint.projectors()) next = std::min<events::Sequence>(next, projector.next());
  return checkpoint.projectors().empty() ? 0 : next;
}

PartitionFolder::PartitionFolder(Store& store, const events::Log& log, std::span<const Projector> registry,
                                 events::PartitionId partition, rows::CheckpointRow checkpoint, Advanced advanced)
    : store_(store),
      log_(log),
      registry_(registry),
      partition_(partition),
      checkpoint_(std::move(checkpoint)),
      advanced_(std::move(advanced)),
      committed_(store, partition),
      overlay_(committed_) {}

Status PartitionFolder::run(events::Sequence end) {
  events::Sequence from = slowest(checkpoint_);
  if (from >= end) return {};
  const auto chain = events::chain_at(log_, partition_, from);
  if (!chain) return tl::unexpected(chain.error());
  chain_ = *chain;
  while (from < end) {
    Status folded;
    const std::size_t records_max = std::min<events::Sequence>(end - from, kReadRecords);
    const auto next = log_.read(partition_, from, records_max, [&](events::Sequence, events::RecordView record) {
      folded = fold_record(record);
      return folded.has_value();
    });
    if (!next) return tl::unexpected(next.error());
    if (!folded) return folded;
    if (*next <= from) {
      return fail(ErrorCode::kDataLoss, "the log ends before its own tail", where(partition_, from),
                  "restore the log from a backup or a replica");
    }
    from = *next;
  }
  if (chain_.next != end) {
    return fail(ErrorCode::kDataLoss, "the log's records do not follow from each other", where(partition_, chain_.next),
                "restore the log from a backup or a replica");
  }
  return commit();
}

Status PartitionFolder::fold_record(events::RecordView record) {
  if (Status decoded = events::decode(record, event_); !decoded) return decoded;
  if (events::accept(chain_, event_.header, record.header) == events::Verdict::kVoid) return {};
  for (std::size_t i = 0; i < registry_.size(); ++i) {
    if (checkpoint_.projectors(static_cast<int>(i)).next() < chain_.next) registry_[i].fold(event_, overlay_);
  }
  if (++uncommitted_ < kCommitEvents && overlay_.written_bytes() < kCommitBytes) return {};
  return commit();
}

Status PartitionFolder::commit() {
  if (uncommitted_ == 0) return {};
  for (auto& projector : *checkpoint_.mutable_projectors()) {
    projector.set_next(std::max<events::Sequence>(projector.next(), chain_.next));
  }
  Changes changes = overlay_.take();
  // In key order, RocksDB finds each row's place from the one before; else that search is half of all time.
  std::sort(changes.begin(), changes.end(),
            [](const Change& a, const Change& b) { return std::tie(a.table, a.key) < std::tie(b.table, b.key); });
  if (Status written = store_.write(partition_, changes, checkpoint_); !written) return written;
  overlay_.clear();
  advanced_(uncommitted_);
  uncommitted_ = 0;
  return {};
}

}  // namespace keyfold::projections
