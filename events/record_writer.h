#pragma once

#include <rocksdb/write_batch.h>

#include "events/event.h"
#include "events/rocks_store.h"

namespace keyfold::events {

/// Adds the record to the batch, as record_reader.h reads it.
[[nodiscard]] rocksdb::Status put_record(const RocksStore& store, const Position& position, RecordView record,
                                         rocksdb::WriteBatch& batch);

}  // namespace keyfold::events
