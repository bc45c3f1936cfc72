#pragma once

#include <string>
#include <vector>

#include "events/chain.h"
#include "events/log.h"
#include "tests/temporary_directory.h"

// Shared by the tests of the log: events that extend a chain, and directories that vanish.
namespace keyfold::events::testing {

using keyfold::testing::TemporaryDirectory;

inline v1::Payload key_deleted(const std::string& key_id) {
  v1::Payload payload;
  payload.mutable_key_deleted()->set_key_id(key_id);
  return payload;
}

/// A header that extends the chain with one event of its own command.
inline v1::EventHeader next_header(PartitionId partition, const ChainState& state) {
  v1::EventHeader header;
  header.set_event_id(std::string(16, '\x01'));
  header.set_schema_version(kSchemaVersion);
  header.set_workspace_id("ws_1");
  header.set_stream_kind("key");
  header.set_stream_id("key_1");
  header.set_partition(partition);
  header.set_sequence(state.next);
  header.set_epoch(state.epoch);
  header.set_previous_hash(std::string(as_view(state.last_hash)));
  header.set_batch_size(1);
  header.set_time_ms(1'700'000'000'000);
  return header;
}

/// Encodes an event that extends the chain, and moves the chain over it.
inline Record extend(PartitionId partition, ChainState& state, const v1::Payload& payload) {
  v1::EventHeader header = next_header(partition, state);
  if (payload.has_partition_opened()) header.set_epoch(payload.partition_opened().epoch());
  Record record = encode(header, payload);
  if (accept(state, header, record.header) != Verdict::kApplied) std::abort();
  return record;
}

/// `count` records from the chain's end on; the n-th event of the partition deletes the key "key_<n><padding>".
inline Append make_append(PartitionId partition, ChainState& state, std::size_t count,
                          const std::string& padding = {}) {
  Append append{partition, state.next, {}};
  for (std::size_t i = 0; i < count; ++i) {
    append.records.push_back(extend(partition, state, key_deleted("key_" + std::to_string(state.next) + padding)));
  }
  return append;
}

/// Appends `count` events at the partition's end.
inline Status append_events(Log& log, PartitionId partition, std::size_t count, const std::string& padding = {}) {
  ChainState state = log.tail(partition);
  const Append append = make_append(partition, state, count, padding);
  return log.append({&append, 1});
}

/// The key ids of all events of a partition, decoded; an error's text as the last element when reading fails.
inline std::vector<std::string> read_key_ids(const Log& log, PartitionId partition, Sequence from = 0,
                                             std::size_t max_records = 1'000'000) {
  std::vector<std::string> ids;
  Event event;
  const auto next = log.read(partition, from, max_records, [&](Sequence, RecordView record) {
    const Status decoded = decode(record, event);
    ids.push_back(decoded ? event.payload.key_deleted().key_id() : decoded.error().to_string());
    return decoded.has_value();
  });
  if (!next) ids.push_back(next.error().to_string());
  return ids;
}

/// What read_key_ids gives for a partition that was filled by append_events alone.
inline std::vector<std::string> expected_key_ids(std::size_t count, const std::string& padding = {}) {
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < count; ++i) ids.push_back("key_" + std::to_string(i) + padding);
  return ids;
}

}  // namespace keyfold::events::testing
