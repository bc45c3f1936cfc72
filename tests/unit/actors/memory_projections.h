#pragma once

#include <gtest/gtest.h>

#include <cstdlib>

#include "projections/projections.h"
#include "tests/unit/actors/memory_rows.h"

namespace keyfold::actors::testing {

/// One partition's committed rows in memory; a commit can be told to fail.
class MemoryProjections final : public projections::Projections {
 public:
  explicit MemoryProjections(events::PartitionId partition) : partition_(partition) {}

  [[nodiscard]] Status commit(events::PartitionId partition, const projections::Changes& changes,
                              events::Sequence next) override {
    EXPECT_EQ(partition, partition_);
    if (fails_) return fail(ErrorCode::kIo, "disk full");
    rows_.apply(changes);
    next_ = next;
    ++commits_;
    rows_committed_ += changes.size();
    return {};
  }
  [[nodiscard]] const projections::RowReader& reader(events::PartitionId) const override { return rows_; }
  void scan(events::PartitionId, projections::Table, std::string_view, std::string_view,
            const std::function<bool(std::string_view, std::string_view)>&) const override {}
  [[nodiscard]] const projections::KeyIndex& keys(events::PartitionId) const override { std::abort(); }
  [[nodiscard]] const projections::RootKeyIndex& root_keys() const override { std::abort(); }
  [[nodiscard]] const projections::RatelimitIndex& ratelimits(events::PartitionId) const override { std::abort(); }
  [[nodiscard]] std::uint32_t partitions() const override { return partition_ + 1; }
  [[nodiscard]] events::Sequence next(events::PartitionId) const override { return next_; }
  [[nodiscard]] bool wait(const events::Position&, std::int64_t) const override { return true; }
  [[nodiscard]] Result<std::vector<projections::StateDigest>> digest() const override { return {}; }
  [[nodiscard]] Status flush() override { return {}; }
  [[nodiscard]] Status write_snapshot(const std::filesystem::path&) const override { return {}; }

  const events::PartitionId partition_;
  MemoryRows rows_;
  events::Sequence next_ = 0;
  int commits_ = 0;
  std::size_t rows_committed_ = 0;
  bool fails_ = false;
};

}  // namespace keyfold::actors::testing
