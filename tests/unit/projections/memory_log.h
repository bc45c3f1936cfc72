#pragma once

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "events/log.h"

namespace keyfold::projections::testing {

/// A log in memory, for one thread that appends before others read; its reads can be made to break.
class MemoryLog final : public events::Log {
 public:
  explicit MemoryLog(std::uint32_t partitions = 2) : records_(partitions), tails_(partitions) {}

  [[nodiscard]] std::uint32_t partitions() const override { return static_cast<std::uint32_t>(records_.size()); }
  [[nodiscard]] events::ChainState tail(events::PartitionId partition) const override { return tails_.at(partition); }

  [[nodiscard]] Status append(std::span<const events::Append> appends) override {
    for (const events::Append& append : appends) {
      for (const events::Record& record : append.records) {
        v1::EventHeader header;
        if (!header.ParseFromString(record.header) ||
            events::accept(tails_.at(append.partition), header, record.header) == events::Verdict::kVoid) {
          return fail(ErrorCode::kFailedPrecondition, "the record does not extend the chain");
        }
        records_.at(append.partition).push_back(record);
      }
    }
    return {};
  }

  [[nodiscard]] Result<events::Sequence> read(events::PartitionId partition, events::Sequence from,
                                              std::size_t max_records,
                                              const events::RecordVisitor& visit) const override {
    const auto& records = records_.at(partition);
    for (; from < records.size() && max_records > 0; --max_records) {
      if (from >= breaks_at_) return fail(ErrorCode::kDataLoss, "the record is damaged");
      const events::Record& record = records[from];
      if (!visit(from++, {record.header, record.payload})) break;
    }
    return from;
  }

  [[nodiscard]] bool wait(events::PartitionId partition, events::Sequence sequence, std::int64_t) const override {
    return sequence < records_.at(partition).size();
  }

  /// Damages every record from that sequence on, in all partitions.
  void break_at(events::Sequence sequence) { breaks_at_ = sequence; }
  /// Swaps two records of a partition, which breaks its chain.
  void swap_with_next(events::PartitionId partition, events::Sequence sequence) {
    std::swap(records_.at(partition).at(sequence), records_.at(partition).at(sequence + 1));
  }
  /// Loses the partition's last record.
  void lose_last(events::PartitionId partition) {
    auto& records = records_.at(partition);
    records.pop_back();
    tails_.at(partition) = {};
    for (const events::Record& record : records) {
      v1::EventHeader header;
      if (!header.ParseFromString(record.header)) std::abort();
      static_cast<void>(events::accept(tails_.at(partition), header, record.header));
    }
  }

 private:
  std::vector<std::vector<events::Record>> records_;
  std::vector<events::ChainState> tails_;
  events::Sequence breaks_at_ = std::numeric_limits<events::Sequence>::max();
};

}  // namespace keyfold::projections::testing
