#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace keyfold::api {

/// The steady clock, in nanoseconds from an arbitrary moment.
[[nodiscard]] inline std::int64_t monotonic_ns() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

/// Whole microseconds since a moment of `monotonic_ns`; at least 0.
[[nodiscard]] inline std::int64_t microseconds_since(std::int64_t started_ns) {
  return std::max<std::int64_t>((monotonic_ns() - started_ns) / 1'000, 0);
}

}  // namespace keyfold::api
