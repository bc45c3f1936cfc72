#pragma once

#include <memory>
#include <vector>

#include "events/log.h"

namespace keyfold::events {

/// The beginning of a log, as if nothing had been appended since. Takes no appends. The log outlives it.
class LogPrefix final : public Log {
 public:
  /// `ends`: of each partition, how many events; kInvalidArgument when the log has fewer.
  [[nodiscard]] static Result<std::unique_ptr<LogPrefix>> open(const Log& log, const std::vector<Sequence>& ends);

  [[nodiscard]] std::uint32_t partitions() const override { return log_.partitions(); }
  [[nodiscard]] ChainState tail(PartitionId partition) const override { return tails_.at(partition); }
  [[nodiscard]] Status append(std::span<const Append> appends) override;
  [[nodiscard]] Result<Sequence> read(PartitionId partition, Sequence from, std::size_t max_records,
                                      const RecordVisitor& visit) const override;
  [[nodiscard]] bool wait(PartitionId partition, Sequence sequence, std::int64_t timeout_ms) const override;

 private:
  explicit LogPrefix(const Log& log) : log_(log) {}

  const Log& log_;
  std::vector<ChainState> tails_;
};

/// Where the chain stands after the partition's first `end` events: what `tail` would say if the log ended there.
/// kDataLoss when the record before it can't be read.
[[nodiscard]] Result<ChainState> chain_at(const Log& log, PartitionId partition, Sequence end);

}  // namespace keyfold::events
