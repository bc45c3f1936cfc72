#pragma once

#include <memory>

namespace keyfold::ops {

/// Turns SIGINT and SIGTERM into an orderly stop. Construct before any other thread starts, because threads inherit
/// which signals they leave alone. A signal before `wait` was called, and a second one after it, ends the process at
/// once with 128 + its number: the log and the read models survive that.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// Returns when the first signal has come.
  void wait();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace keyfold::ops
