#pragma once

#include "events/log.h"
#include "events/rocks_store.h"

// Reading the embedded log's records. Every function checks each record's checksum, which covers its position, and that
// no sequence is missing; damage is kDataLoss with the position. Thread-safe.
namespace keyfold::events {

/// The chain after the partition's last stored record.
[[nodiscard]] Result<ChainState> read_head(const RocksStore& store, PartitionId partition);

/// Visits the records from `from` up to, not including, `end`; returns the sequence after the last visited one.
[[nodiscard]] Result<Sequence> read_records(const RocksStore& store, PartitionId partition, Sequence from, Sequence end,
                                            const RecordVisitor& visit);

/// Checks the payload hash, the header's own position and the chain too, for the same range.
[[nodiscard]] Status verify_records(const RocksStore& store, PartitionId partition, Sequence from, Sequence end);

/// The leaf hash of one record.
[[nodiscard]] Result<Digest> read_leaf_hash(const RocksStore& store, const Position& position);

}  // namespace keyfold::events
