#pragma once

#include <atomic>
#include <cstdint>

namespace keyfold {

inline constexpr std::int64_t kDayMs = 86'400'000;

/// The UTC day of a Unix time in milliseconds, in days since 1970-01-01.
[[nodiscard]] constexpr std::int64_t utc_day(std::int64_t unix_ms) {
  return (unix_ms >= 0 ? unix_ms : unix_ms - (kDayMs - 1)) / kDayMs;
}

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
