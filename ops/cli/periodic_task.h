#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

namespace keyfold::ops {

/// A piece of work that is done again and again on a thread of its own, until it is stopped or destroyed.
class PeriodicTask {
 public:
  /// Returns how long to rest. Must look at the stop now and then when it takes long.
  using Work = std::function<std::chrono::milliseconds(const std::stop_token& stop)>;

  /// Begins at once.
  explicit PeriodicTask(Work work);
  ~PeriodicTask();  // stops
  PeriodicTask(const PeriodicTask&) = delete;
  PeriodicTask& operator=(const PeriodicTask&) = delete;

  /// Ends the rest; during the work, has it done once more without one. Thread-safe.
  void wake();
  /// Lets the work at hand end, and does it no more. Not thread-safe; safe to call twice.
  void stop();

 private:
  void run(const std::stop_token& stop);

  const Work work_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool is_woken_ = false;
  std::jthread thread_;  // the last member: it uses the others
};

}  // namespace keyfold::ops
