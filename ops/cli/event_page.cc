#include "ops/cli/event_page.h"

namespace keyfold::ops {
namespace {

constexpr std::size_t kPageBytesMax = std::size_t{4} << 20;

}  // namespace

Result<EventPage> read_event_page(const events::Log& log, events::PartitionId partition, events::Sequence from,
                                  std::size_t limit) {
  EventPage page;
  events::Event event;
  Status decoded;
  const auto next = log.read(partition, from, limit, [&](events::Sequence, events::RecordView record) {
    decoded = events::decode(record, event);
    if (!decoded) return false;
    page.lines += events::to_json(event);
    page.lines += '\n';
    return page.lines.size() < kPageBytesMax;
  });
  if (!next) return tl::unexpected(next.error());
  if (!decoded) return tl::unexpected(decoded.error());
  page.next = *next;
  return page;
}

}  // namespace keyfold::ops
