#pragma once

#include <atomic>
#include <cstdint>

namespace keyfold {

/// The one source of wall-clock time; passed in, so that decisions stay pure. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Unix time in milliseconds, UTC.
  [[nodiscard]] virtual std::int64_t now_ms() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t now_ms() const override;
};

/// A clock that moves only when told to; for tests.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(std::int64_t now_ms) : now_ms_(now_ms) {}
  [[nodiscard]] std::int64_t now_ms() const override { return now_ms_.load(std::memory_order_relaxed); }
  void advance_ms(std::int64_t by) { now_ms_.fetch_add(by, std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> now_ms_;
};

}  // namespace keyfold
