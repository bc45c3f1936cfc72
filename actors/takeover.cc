#include "actors/takeover.h"

#include <algorithm>
#include <cstdlib>

#include "projections/projector.h"
#include "schemas/base/random.h"

namespace keyfold::actors {

Result<std::int64_t> last_time_ms(const events::Log& log, events::PartitionId partition) {
  const events::Sequence next = log.tail(partition).next;
  std::int64_t time_ms = 0;
  if (next == 0) return time_ms;
  Status decoded;
  events::Event event;
  const auto read = log.read(partition, next - 1, 1, [&](events::Sequence, events::RecordView record) {
    decoded = events::decode(record, event);
    time_ms = event.header.time_ms();
    return false;
  });
  if (!read) return tl::unexpected(read.error());
  if (!decoded) return tl::unexpected(decoded.error());
  return time_ms;
}

Opening make_opening(events::PartitionId partition, const events::ChainState& tail, std::int64_t time_ms,
                     const NodeAddress& node) {
  Opening opening;
  events::Event& event = opening.event;
  event.payload.mutable_partition_opened()->set_epoch(tail.epoch + 1);
  event.payload.mutable_partition_opened()->set_node_id(node.id);
  event.payload.mutable_partition_opened()->set_node_address(node.address);
  v1::EventHeader& header = event.header;
  const auto event_id = make_uuid_v7(time_ms);
  header.set_event_id(event_id.data(), event_id.size());
  header.set_schema_version(events::kSchemaVersion);
  header.set_stream_kind("partition");
  header.set_stream_id(std::to_string(partition));
  header.set_partition(partition);
  header.set_sequence(tail.next);
  header.set_epoch(tail.epoch + 1);
  header.set_previous_hash(tail.last_hash.data(), tail.last_hash.size());
  header.set_batch_size(1);
  header.set_time_ms(time_ms);
  header.mutable_principal()->set_type(v1::Principal::SYSTEM);
  header.mutable_principal()->set_id("keyfold");
  opening.append = {partition, tail.next, {}};
  events::Record record = events::encode(header, event.payload);
  opening.start = {tail, time_ms};
  if (events::accept(opening.start.chain, header, record.header) != events::Verdict::kApplied) std::abort();
  opening.append.records.push_back(std::move(record));
  return opening;
}

Result<std::vector<PartitionStart>> take_over(events::Log& log, projections::Projections& projections,
                                              std::int64_t now_ms) {
  std::vector<PartitionStart> starts;
  std::vector<events::Append> appends;
  std::vector<events::Event> opened;
  for (events::PartitionId partition = 0; partition < log.partitions(); ++partition) {
    const events::ChainState tail = log.tail(partition);
    if (projections.next(partition) != tail.next) {
      return fail(ErrorCode::kFailedPrecondition, "the projections have not caught up with the log",
                  "partition " + std::to_string(partition), "open the projections again");
    }
    const auto last = last_time_ms(log, partition);
    if (!last) return tl::unexpected(last.error());
    Opening opening = make_opening(partition, tail, std::max(now_ms, *last), {});
    opened.push_back(std::move(opening.event));
    appends.push_back(std::move(opening.append));
    starts.push_back(opening.start);
  }
  if (auto appended = log.append(appends); !appended) return tl::unexpected(std::move(appended.error()));
  for (events::PartitionId partition = 0; partition < log.partitions(); ++partition) {
    projections::Overlay overlay(projections.reader(partition));
    projections::fold(opened[partition], overlay);
    const Status committed = projections.commit(partition, overlay.take(), starts[partition].chain.next);
    if (!committed) return tl::unexpected(committed.error());
  }
  return starts;
}

}  // namespace keyfold::actors
