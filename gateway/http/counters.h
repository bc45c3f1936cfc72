#pragma once

#include <atomic>
#include <cstdint>

namespace keyfold::http {

/// A monotonic count with one writer and any number of readers: no locked instruction.
class Counter {
 public:
  void add(std::uint64_t amount) { value_.store(value() + amount, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// What one I/O thread counts; see http::Stats.
struct Counters {
  Counter accepted;
  Counter refused;
  Counter requests;
  Counter rejected;
  Counter timeouts;
  Counter bytes_read;
  Counter bytes_written;
};

}  // namespace keyfold::http
