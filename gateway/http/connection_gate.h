#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <unordered_map>

namespace keyfold::http {

/// Counts the open connections of all I/O threads, in all and per address. Thread-safe.
class ConnectionGate {
 public:
  ConnectionGate(std::size_t connections_max, std::size_t per_address_max)
      : connections_max_(connections_max), per_address_max_(per_address_max) {}

  /// True when another connection of this address is welcome; it is counted then, until `leave`.
  [[nodiscard]] bool enter(const std::string& address);
  void leave(const std::string& address);
  [[nodiscard]] std::size_t open() const;
  /// Waits until none is open or the time is up.
  void wait_until_empty(std::chrono::steady_clock::time_point deadline);

 private:
  const std::size_t connections_max_;
  const std::size_t per_address_max_;
  mutable std::mutex mutex_;
  std::condition_variable empty_;
  std::size_t open_ = 0;
  std::unordered_map<std::string, std::size_t> by_address_;
};

}  // namespace keyfold::http
