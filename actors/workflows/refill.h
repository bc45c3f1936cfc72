#pragma once

#include <atomic>
#include <stop_token>
#include <string>
#include <vector>

#include "actors/runtime.h"
#include "projections/projections.h"
#include "schemas/base/clock.h"

namespace keyfold::actors {

/// Refills credits by the calendar, once a UTC day and workspace. What is done is on the log: each refilled key's day,
/// and the day through which a workspace is complete. So a pass that is cut off is gone on with by the next one, days
/// without a server are caught up with, and nothing is refilled twice for the same day.
class RefillWorkflow {
 public:
  /// All outlive it.
  RefillWorkflow(Runtime& runtime, const projections::Projections& projections, const Clock& clock);

  /// Refills everything that is due through the clock's day; may take long, ends early at a stop. From one thread at a
  /// time.
  struct Report {
    std::uint64_t keys = 0;        // that were due, by the rows that were read
    std::uint64_t workspaces = 0;  // completed now
    std::uint64_t failures = 0;    // workspaces that are to be done again
    std::string reason;            // of a failure
  };
  Report run(const std::stop_token& stop);

  /// Whether the clock's day is not complete yet in a partition that this node decides about. Thread-safe.
  [[nodiscard]] bool is_due() const;

  /// Since the start; thread-safe.
  struct Stats {
    std::uint64_t keys = 0;
    std::uint64_t failures = 0;
    // Days since 1970-01-01 UTC through which everything that is this node's is done; 0: none yet.
    std::int64_t completed_day = 0;
  };
  [[nodiscard]] Stats stats() const;

 private:
  [[nodiscard]] std::int64_t completed_day() const;
  enum class Pass { kComplete, kFailed };
  [[nodiscard]] Pass run_workspace(events::PartitionId partition, const std::string& workspace_id, std::int64_t today,
                                   const std::stop_token& stop, Report& report);

  Runtime& runtime_;
  const projections::Projections& projections_;
  const Clock& clock_;
  std::atomic<std::uint64_t> keys_{0};
  std::atomic<std::uint64_t> failures_{0};
  std::vector<std::atomic<std::int64_t>> completed_days_;  // of each partition
};

}  // namespace keyfold::actors
