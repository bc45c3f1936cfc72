#include "ops/cli/periodic_task.h"

#include <utility>

namespace keyfold::ops {

PeriodicTask::PeriodicTask(Work work)
    : work_(std::move(work)), thread_([this](const std::stop_token& stop) { run(stop); }) {}

PeriodicTask::~PeriodicTask() { stop(); }

void PeriodicTask::wake() {
  {
    const std::lock_guard lock(mutex_);
    is_woken_ = true;
  }
  changed_.notify_one();
}

void PeriodicTask::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void PeriodicTask::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const std::chrono::milliseconds rest = work_(stop);
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, stop, rest, [this] { return is_woken_; });
    is_woken_ = false;
  }
}

}  // namespace keyfold::ops
