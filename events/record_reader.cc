#include "events/record_reader.h"

#include <limits>
#include <memory>

#include "events/stored_record.h"

namespace keyfold::events {
namespace {

constexpr std::size_t kReadaheadBytes = std::size_t{2} << 20;
/// Below it a read is a look-up, and reading ahead would only cost.
constexpr Sequence kScanRecordsMin = 256;

rocksdb::Slice slice(const StoredKey& key) { return {key.data(), key.size()}; }
std::string_view view(const rocksdb::Slice& bytes) { return {bytes.data(), bytes.size()}; }

tl::unexpected<Error> damaged(const Position& position, const std::string& what) {
  return fail(ErrorCode::kDataLoss, "a record of the log is damaged: " + what, to_string(position),
              "restore the log from a backup or a replica; do not start writing on it");
}

/// Where reading breaks: an iterator stops at the first bad block of any file, which may lie behind good records.
tl::unexpected<Error> first_unreadable(const RocksStore& store, PartitionId partition, Sequence from, Sequence end,
                                       const rocksdb::Status& cause) {
  rocksdb::PinnableSlice value;
  for (Sequence sequence = from; sequence < end; ++sequence) {
    const Position position{partition, sequence};
    value.Reset();
    const auto status = store.db().Get({}, store.records(), slice(stored_key(position)), &value);
    if (!status.ok()) return damaged(position, status.ToString());
    if (!parse_stored_value(position, view(value))) return damaged(position, "wrong checksum");
  }
  return damaged({partition, from}, cause.ToString());
}

/// Parses the header and checks that it stands where it says.
Status parse_header(const Position& position, std::string_view bytes, v1::EventHeader& header) {
  if (!header.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return damaged(position, "its header can't be parsed");
  }
  if (header.partition() != position.partition || header.sequence() != position.sequence) {
    return damaged(position, "it says that it is " + to_string(Position{header.partition(), header.sequence()}));
  }
  return {};
}

/// The chain after one stored record.
Result<ChainState> state_after(const RocksStore& store, const Position& position) {
  ChainState state;
  Status checked;
  const auto next = read_records(store, position.partition, position.sequence, position.sequence + 1,
                                 [&](Sequence sequence, RecordView record) {
                                   v1::EventHeader header;
                                   checked = parse_header(position, record.header, header);
                                   state = {sequence + 1, header.epoch(), leaf_hash(record.header)};
                                   return true;
                                 });
  if (!next) return tl::unexpected(next.error());
  if (!checked) return tl::unexpected(checked.error());
  return state;
}

}  // namespace

Result<ChainState> read_head(const RocksStore& store, PartitionId partition) {
  const StoredKey last = stored_key({partition, std::numeric_limits<Sequence>::max()});
  const std::unique_ptr<rocksdb::Iterator> at(store.db().NewIterator({}, store.records()));
  at->SeekForPrev(slice(last));
  if (!at->status().ok()) {
    return tl::unexpected(
        to_error(at->status(), "the last record can't be found", "partition " + std::to_string(partition)));
  }
  if (!at->Valid()) return ChainState{};
  const auto position = parse_stored_key(view(at->key()));
  if (!position) return fail(ErrorCode::kDataLoss, "the log holds a foreign entry", "", "restore it from a backup");
  if (position->partition != partition) return ChainState{};
  return state_after(store, *position);
}

Result<Sequence> read_records(const RocksStore& store, PartitionId partition, Sequence from, Sequence end,
                              const RecordVisitor& visit) {
  if (from >= end) return from;
  const StoredKey first_key = stored_key({partition, from});
  const StoredKey end_key = stored_key({partition, end});
  const rocksdb::Slice upper = slice(end_key);
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &upper;
  options.fill_cache = false;
  if (end - from >= kScanRecordsMin) options.readahead_size = kReadaheadBytes;

  const std::unique_ptr<rocksdb::Iterator> at(store.db().NewIterator(options, store.records()));
  Sequence expected = from;
  for (at->Seek(slice(first_key)); at->Valid() && expected < end; at->Next()) {
    const Position position{partition, expected};
    if (view(at->key()) != view(slice(stored_key(position)))) return damaged(position, "it is missing");
    const auto record = parse_stored_value(position, view(at->value()));
    if (!record) return damaged(position, "wrong checksum");
    ++expected;
    if (!visit(position.sequence, *record)) return expected;
  }
  if (expected == end) return end;
  if (at->status().ok()) return damaged({partition, expected}, "it is missing");
  return first_unreadable(store, partition, expected, end, at->status());
}

Status verify_records(const RocksStore& store, PartitionId partition, Sequence from, Sequence end) {
  ChainState state;
  if (from > 0) {
    const auto before = state_after(store, {partition, from - 1});
    if (!before) return tl::unexpected(before.error());
    state = *before;
  }
  Status result;
  v1::EventHeader header;
  const auto next = read_records(store, partition, from, end, [&](Sequence sequence, RecordView record) {
    const Position position{partition, sequence};
    result = parse_header(position, record.header, header);
    if (result && header.payload_hash() != as_view(sha256(record.payload))) {
      result = damaged(position, "its payload does not match its hash");
    }
    if (result && accept(state, header, record.header) == Verdict::kVoid) {
      result = damaged(position, "it does not follow from the record before");
    }
    return result.has_value();
  });
  if (!next) return tl::unexpected(next.error());
  return result;
}

Result<Digest> read_leaf_hash(const RocksStore& store, const Position& position) {
  return state_after(store, position).map([](const ChainState& state) { return state.last_hash; });
}

}  // namespace keyfold::events
