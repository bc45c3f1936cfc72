#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "events/event.h"
#include "keyfold/v1/usage.pb.h"

namespace keyfold::events {

/// Called for each batch in order; returns false to stop early. The batch is reused for the next one.
using UsageVisitor = std::function<bool(Sequence, const v1::UsageBatch&)>;

/// The usage stream: batches of telemetry in one total order, kept for a limited time, apart from the log of events.
/// Reads are thread-safe and may run beside the others; `append` and `drop_before` come from one thread at a time each.
/// State never depends on them.
class UsageLog {
 public:
  virtual ~UsageLog() = default;

  /// The oldest kept batch; equal to `next` when the stream never held one.
  [[nodiscard]] virtual Sequence first() const = 0;
  /// The sequence that the next batch gets.
  [[nodiscard]] virtual Sequence next() const = 0;

  /// Appends a serialized v1::UsageBatch of this time; its sequence. An error when it can't be written: a later
  /// append may succeed.
  [[nodiscard]] virtual Result<Sequence> append(std::int64_t time_ms, std::string_view batch) = 0;
  /// Makes every batch appended before the call survive a power failure.
  [[nodiscard]] virtual Status sync() = 0;

  /// Visits at most `max_batches` kept batches from `from` on; returns the sequence after the last visited one. A
  /// damaged or missing batch is kDataLoss with its sequence.
  [[nodiscard]] virtual Result<Sequence> read(Sequence from, std::size_t max_batches,
                                              const UsageVisitor& visit) const = 0;
  /// Waits until the stream holds a batch at `sequence`, or the time is over. True when it does.
  [[nodiscard]] virtual bool wait(Sequence sequence, std::int64_t timeout_ms) const = 0;

  /// Drops the oldest batches, up to the first one of `time_ms` or later; returns what `first` is then. The last batch
  /// is always kept, so that sequences go on. Where the clock was set back, the cut may be off by as much.
  [[nodiscard]] virtual Result<Sequence> drop_before(std::int64_t time_ms) = 0;
};

}  // namespace keyfold::events
