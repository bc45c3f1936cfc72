#include "events/record_writer.h"

#include <array>

#include "events/stored_record.h"

namespace keyfold::events {
namespace {

rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

}  // namespace

rocksdb::Status put_record(const RocksStore& store, const Position& position, RecordView record,
                           rocksdb::WriteBatch& batch) {
  const StoredKey key = stored_key(position);
  const StoredFrame frame = stored_frame(position, record);
  const rocksdb::Slice key_part(key.data(), key.size());
  const std::array<rocksdb::Slice, 4> value_parts = {
      rocksdb::Slice(frame.header_bytes.data(), frame.header_bytes.size()), slice(record.header), slice(record.payload),
      rocksdb::Slice(frame.checksum.data(), frame.checksum.size())};
  return batch.Put(store.records(), rocksdb::SliceParts(&key_part, 1),
                   rocksdb::SliceParts(value_parts.data(), static_cast<int>(value_parts.size())));
}

}  // namespace keyfold::events
