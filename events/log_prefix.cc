#include "events/log_prefix.h"

#include <algorithm>

namespace keyfold::events {

Result<ChainState> chain_at(const Log& log, PartitionId partition, Sequence end) {
  if (end == 0) return ChainState{};
  ChainState chain;
  v1::EventHeader header;
  bool is_found = false;
  const auto next = log.read(partition, end - 1, 1, [&](Sequence sequence, RecordView record) {
    is_found = sequence == end - 1 &&
               header.ParseFromArray(record.header.data(), static_cast<int>(record.header.size())) &&
               header.sequence() == end - 1;
    if (is_found) chain = {end, header.epoch(), leaf_hash(record.header)};
    return false;
  });
  if (!next) return tl::unexpected(next.error());
  if (is_found) return chain;
  return fail(ErrorCode::kDataLoss, "the log's record can't be found", to_string(Position{partition, end - 1}),
              "restore the log from a backup or a replica");
}

Result<std::unique_ptr<LogPrefix>> LogPrefix::open(const Log& log, const std::vector<Sequence>& ends) {
  std::unique_ptr<LogPrefix> prefix(new LogPrefix(log));
  for (PartitionId partition = 0; partition < log.partitions(); ++partition) {
    const Sequence end = partition < ends.size() ? ends[partition] : 0;
    if (end > log.tail(partition).next) {
      return fail(ErrorCode::kInvalidArgument, "the log does not reach that far", to_string(Position{partition, end}),
                  "is this the right log?");
    }
    const auto chain = chain_at(log, partition, end);
    if (!chain) return tl::unexpected(chain.error());
    prefix->tails_.push_back(*chain);
  }
  return prefix;
}

Status LogPrefix::append(std::span<const Append>) {
  return fail(ErrorCode::kFailedPrecondition, "the beginning of a log takes no events");
}

Result<Sequence> LogPrefix::read(PartitionId partition, Sequence from, std::size_t max_records,
                                 const RecordVisitor& visit) const {
  const Sequence end = tail(partition).next;
  if (from >= end) return from;
  return log_.read(partition, from, std::min<Sequence>(max_records, end - from), visit);
}

bool LogPrefix::wait(PartitionId partition, Sequence sequence, std::int64_t timeout_ms) const {
  return sequence < tail(partition).next && log_.wait(partition, sequence, timeout_ms);
}

}  // namespace keyfold::events
