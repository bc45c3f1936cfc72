#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

namespace keyfold::subscriptions {

/// Ends what goes on over a socket when its time is over or a stop comes, however slowly the other side goes on
/// sending: reads and writes then fail. For one blocking call on one thread; a connection costs a second thread while
/// it lasts.
class Deadline {
 public:
  Deadline(std::chrono::steady_clock::time_point end, std::stop_token stop) : end_(end), stop_(std::move(stop)) {}
  ~Deadline();
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  /// Watches the socket, which may be closed at any time: the watch is over a handle of its own.
  void watch(int socket);
  [[nodiscard]] bool has_passed() const { return std::chrono::steady_clock::now() >= end_; }

 private:
  void run();

  const std::chrono::steady_clock::time_point end_;
  const std::stop_token stop_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool is_over_ = false;
  int socket_ = -1;
  std::jthread thread_;  // the last member: it uses the others
};

}  // namespace keyfold::subscriptions
