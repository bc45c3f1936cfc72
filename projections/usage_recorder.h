#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "events/usage_log.h"
#include "keyfold/v1/usage.pb.h"
#include "projections/sliding_windows.h"
#include "projections/usage_store.h"
#include "schemas/base/clock.h"

namespace keyfold::projections {

struct UsageRecorderOptions {
  std::int64_t batch_interval_ms = 250;
  /// Records that may wait to be written, each with at most 1 KiB; a larger one counts as several.
  std::size_t buffer_records_max = 262'144;
};

/// Takes usage from every thread and brings it, in batches, onto the usage stream and into its read models. Recording
/// copies the record into a buffer: it takes no lock that somebody holds, waits for nothing, and drops the record when
/// all buffers are full. One thread of its own writes. What waits is lost when the process is killed: at most what came
/// within the last batch interval. Inside a batch the records of several threads come in no order. Thread-safe.
class UsageRecorder final : public ChargeSink {
 public:
  /// Told about a failed write, at most once a minute, on the recorder's thread.
  using ErrorSink = std::function<void(const Error&)>;

  /// Log, store and clock outlive the recorder, which alone writes to log and store.
  UsageRecorder(events::UsageLog& log, UsageStore& store, const Clock& clock, UsageRecorderOptions options,
                ErrorSink on_error);
  ~UsageRecorder() override;  // writes what waits
  UsageRecorder(const UsageRecorder&) = delete;
  UsageRecorder& operator=(const UsageRecorder&) = delete;

  void record(const v1::Verification& verification);
  void record(const v1::RatelimitDecision& decision);
  /// Tokens that were added to a rate-limit window's count.
  void charged(std::string_view counter, std::int64_t duration_ms, std::int64_t window, std::int64_t tokens) override;

  /// Writes and folds what was recorded before the call; waits for it.
  void flush();

  struct Stats {
    std::uint64_t recorded = 0;
    std::uint64_t dropped = 0;  // because the buffers were full or the write failed
    std::uint64_t batches = 0;
    std::uint64_t bytes = 0;
    std::uint64_t errors = 0;           // failed writes and folds
    std::int64_t last_flush_at_ms = 0;  // when everything that waited was last written and folded
  };
  [[nodiscard]] Stats stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace keyfold::projections
