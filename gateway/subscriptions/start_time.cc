#include "gateway/subscriptions/start_time.h"

#include <algorithm>
#include <optional>

namespace keyfold::subscriptions {
namespace {

constexpr std::size_t kLookBack = 4'096;

// The first event of [begin, end) that is not before the time; nothing when there is none.
Result<std::optional<events::Sequence>> scan(const events::Log& log, events::PartitionId partition,
                                             events::Sequence begin, events::Sequence end, std::int64_t time_ms) {
  std::optional<events::Sequence> found;
  v1::EventHeader header;
  bool is_damaged = false;
  const auto visit = [&](events::Sequence sequence, events::RecordView record) {
    is_damaged = !header.ParseFromArray(record.header.data(), static_cast<int>(record.header.size()));
    if (!is_damaged && header.time_ms() >= time_ms) found = sequence;
    return !is_damaged && !found;
  };
  const auto read = log.read(partition, begin, end - begin, visit);
  if (!read) return tl::unexpected(read.error());
  if (is_damaged)
    return fail(ErrorCode::kDataLoss, "the header can't be read", to_string(events::Position{partition, *read}));
  return found;
}

}  // namespace

Result<events::Sequence> first_at_or_after(const events::Log& log, events::PartitionId partition, events::Sequence end,
                                           std::int64_t time_ms) {
  events::Sequence low = 0;
  events::Sequence high = end;
  while (low < high) {
    const events::Sequence middle = low + (high - low) / 2;
    const auto is_there = scan(log, partition, middle, middle + 1, time_ms);
    if (!is_there) return tl::unexpected(is_there.error());
    (*is_there ? high : low) = *is_there ? middle : middle + 1;
  }
  // Times may go back a little, or with a clock far: an earlier event of that time may lie before one that is too
  // early.
  while (low > 0) {
    const events::Sequence begin = low - std::min<events::Sequence>(low, kLookBack);
    const auto earlier = scan(log, partition, begin, low, time_ms);
    if (!earlier) return tl::unexpected(earlier.error());
    if (!*earlier) break;
    low = **earlier;
  }
  return low;
}

}  // namespace keyfold::subscriptions
