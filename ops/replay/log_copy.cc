#include "ops/replay/log_copy.h"

#include <limits>

namespace keyfold::ops {
namespace {

constexpr std::size_t kAppendRecordsMax = 1'000;
constexpr std::size_t kAppendBytesMax = std::size_t{4} << 20;

tl::unexpected<Error> other_events(events::PartitionId partition, events::Sequence sequence) {
  return fail(ErrorCode::kFailedPrecondition, "the target holds other events than the source",
              events::to_string(events::Position{partition, sequence}), "copy into an empty log");
}

/// Whether the target's partition is a beginning of the source's.
Status check_beginning(const events::Log& from, const events::ChainState& reached, events::PartitionId partition) {
  if (reached.next == 0) return {};
  Digest hash{};
  const auto read = from.read(partition, reached.next - 1, 1, [&hash](events::Sequence, events::RecordView record) {
    hash = events::leaf_hash(record.header);
    return false;
  });
  if (!read) return tl::unexpected(read.error());
  return hash == reached.last_hash ? Status() : other_events(partition, reached.next - 1);
}

/// The next whole batches from that sequence on.
Result<events::Append> next_append(const events::Log& from, events::PartitionId partition, events::Sequence first) {
  events::Append append{partition, first, {}};
  std::size_t whole = 0;
  std::size_t bytes = 0;
  v1::EventHeader header;
  bool is_readable = true;
  const auto read = from.read(
      partition, first, std::numeric_limits<std::size_t>::max(), [&](events::Sequence, events::RecordView record) {
        is_readable = header.ParseFromArray(record.header.data(), static_cast<int>(record.header.size()));
        if (!is_readable) return false;
        bytes += record.header.size() + record.payload.size();
        append.records.push_back({std::string(record.header), std::string(record.payload)});
        if (header.batch_index() + 1 < header.batch_size()) return true;
        whole = append.records.size();
        return whole < kAppendRecordsMax && bytes < kAppendBytesMax;
      });
  if (!read) return tl::unexpected(read.error());
  if (!is_readable || whole != append.records.size()) {
    return fail(ErrorCode::kDataLoss, "the source's events can't be read",
                events::to_string(events::Position{partition, first + append.records.size()}));
  }
  return append;
}

}  // namespace

Result<std::uint64_t> copy_log(const events::Log& from, events::Log& to, const projections::ProgressSink& progress) {
  if (from.partitions() != to.partitions()) {
    return fail(ErrorCode::kFailedPrecondition,
                "the source has " + std::to_string(from.partitions()) + " partitions, the target " +
                    std::to_string(to.partitions()),
                {}, "a log keeps its number of partitions: set log.partitions for a new target");
  }
  projections::Progress told{"copying events", 0, 0};
  for (events::PartitionId partition = 0; partition < from.partitions(); ++partition) {
    const events::ChainState reached = to.tail(partition);
    if (reached.next > from.tail(partition).next) return other_events(partition, from.tail(partition).next);
    if (Status same = check_beginning(from, reached, partition); !same) return tl::unexpected(same.error());
    told.total += from.tail(partition).next - reached.next;
  }
  for (events::PartitionId partition = 0; partition < from.partitions(); ++partition) {
    const events::ChainState end = from.tail(partition);
    while (to.tail(partition).next < end.next) {
      const auto append = next_append(from, partition, to.tail(partition).next);
      if (!append) return tl::unexpected(append.error());
      if (Status appended = to.append({&*append, 1}); !appended) return tl::unexpected(appended.error());
      told.done += append->records.size();
      if (progress) progress(told);
    }
    if (to.tail(partition).last_hash != end.last_hash) return other_events(partition, end.next);
  }
  return told.done;
}

Result<std::uint64_t> copy_erasable(const events::ErasableStore& from, events::ErasableStore& to) {
  const auto entries = from.list({});
  if (!entries) return tl::unexpected(entries.error());
  for (const auto& [key, value] : *entries) {
    const auto there = to.get(key);
    if (there && *there == value) continue;
    if (Status put = to.put(key, value); !put) return tl::unexpected(put.error());
  }
  const auto copied = to.list({});
  if (!copied) return tl::unexpected(copied.error());
  if (*copied != *entries) {
    return fail(ErrorCode::kFailedPrecondition, "the target's vault holds entries of its own", {},
                "copy into an empty log");
  }
  return entries->size();
}

}  // namespace keyfold::ops
