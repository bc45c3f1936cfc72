#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <span>
#include <vector>

#include "events/chain.h"
#include "events/event.h"

namespace keyfold::events {

/// Records of one partition that follow each other: the first one has sequence `first`.
struct Append {
  PartitionId partition = 0;
  Sequence first = 0;
  std::vector<Record> records;
};

/// Called for each record in order; returns false to stop early.
using RecordVisitor = std::function<bool(Sequence, RecordView)>;

/// An append-only, partitioned log of events. Reads are thread-safe and may run beside an append; appends come from
/// one thread at a time (the LogWriter). Both implementations pass tests/contract.
class Log {
 public:
  virtual ~Log() = default;

  [[nodiscard]] virtual std::uint32_t partitions() const = 0;

  /// The partition's chain after its last durable record.
  [[nodiscard]] virtual ChainState tail(PartitionId partition) const = 0;

  /// Appends to several partitions at once; durable (fsync, or acks=all) when it returns. All or nothing for the
  /// embedded log. kFailedPrecondition when a `first` is not the partition's next sequence; kUnknownOutcome when it
  /// can't be known whether the records are on the log: the caller then decides nothing more.
  [[nodiscard]] virtual Status append(std::span<const Append> appends) = 0;

  /// Visits at most `max_records` durable records from `from` on; returns the sequence after the last visited one.
  /// A damaged record is kDataLoss with its position.
  [[nodiscard]] virtual Result<Sequence> read(PartitionId partition, Sequence from, std::size_t max_records,
                                              const RecordVisitor& visit) const = 0;

  /// Waits until the partition holds a durable record at `sequence`, or the time is over. True when it does.
  [[nodiscard]] virtual bool wait(PartitionId partition, Sequence sequence, std::int64_t timeout_ms) const = 0;
};

/// A small durable store whose entries can be destroyed: what must be able to vanish can't live in a log.
/// Thread-safe; `put` and `erase` are durable when they return.
class ErasableStore {
 public:
  virtual ~ErasableStore() = default;
  [[nodiscard]] virtual Status put(std::string_view key, std::string_view value) = 0;
  /// kNotFound when absent.
  [[nodiscard]] virtual Result<std::string> get(std::string_view key) const = 0;
  /// Removes the entry and rewrites the files that held it. Erasing what is absent succeeds.
  [[nodiscard]] virtual Status erase(std::string_view key) = 0;
  /// Entries whose key begins with `prefix`, in key order, from the key `from` on (empty: the prefix's first), at most
  /// `entries_max`.
  [[nodiscard]] virtual Result<std::vector<std::pair<std::string, std::string>>> list(
      std::string_view prefix, std::string_view from = {},
      std::size_t entries_max = std::numeric_limits<std::size_t>::max()) const = 0;
};

}  // namespace keyfold::events
