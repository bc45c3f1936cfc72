#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <thread>

#include "projections/audit_store.h"

namespace keyfold::projections {

/// Keeps an audit store up with the log on a thread of its own, off the write path, until it is destroyed. What fails
/// is told once and tried again a moment later. Thread-safe. The store outlives it.
class AuditFollower {
 public:
  using ErrorSink = std::function<void(const Error&)>;
  AuditFollower(AuditStore& store, ErrorSink on_error);
  ~AuditFollower();  // lets the batch at hand end
  AuditFollower(const AuditFollower&) = delete;
  AuditFollower& operator=(const AuditFollower&) = delete;

  struct Stats {
    std::uint64_t events = 0;  // folded since the start
    std::uint64_t errors = 0;
  };
  [[nodiscard]] Stats stats() const { return {events_, errors_}; }

 private:
  void run(const std::stop_token& stop);
  [[nodiscard]] Result<std::uint64_t> fold_all(const std::stop_token& stop);

  AuditStore& store_;
  const ErrorSink on_error_;
  std::atomic<std::uint64_t> events_{0};
  std::atomic<std::uint64_t> errors_{0};
  std::jthread thread_;  // the last member: it uses the others
};

}  // namespace keyfold::projections
