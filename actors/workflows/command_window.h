#pragma once

#include <deque>
#include <functional>
#include <future>
#include <stop_token>

#include "actors/runtime.h"

namespace keyfold::actors {

/// Commands of a workflow on their way: a bounded number at a time, each until it is decided, however busy the
/// partition is. Not thread-safe; every call may block.
class CommandWindow {
 public:
  /// `principal_id` is who the events say it was, e.g. "refill". A stop ends all waiting for a busy partition.
  CommandWindow(Runtime& runtime, const Clock& clock, std::string principal_id, std::stop_token stop);

  /// Hands the command in, after the oldest has been answered when too many are under way. `kept` lives until the
  /// command is answered.
  void submit(v1::Command command, std::shared_ptr<const void> kept = nullptr);

  /// Waits for all. False when any since the last call was rejected or its outcome is unknown, or the stop came first:
  /// the work is to be done again.
  [[nodiscard]] bool finish();

  /// The last rejection; empty when there was none.
  [[nodiscard]] const std::string& rejection() const { return rejection_; }

 private:
  struct Waiting {
    v1::Command command;  // to be handed in again
    std::future<Outcome> outcome;
    std::shared_ptr<const void> kept;
  };
  void settle_oldest();

  Runtime& runtime_;
  const Clock& clock_;
  const std::string principal_id_;
  const std::stop_token stop_;
  std::deque<Waiting> waiting_;
  bool has_failed_ = false;
  std::string rejection_;
};

}  // namespace keyfold::actors
