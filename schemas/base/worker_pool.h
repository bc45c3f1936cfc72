#pragma once

#include <functional>
#include <memory>

namespace keyfold {

/// A few threads for what may block: scans, waits for a position, sealing. Thread-safe.
class WorkerPool {
 public:
  WorkerPool(int threads, std::size_t jobs_max);
  /// Runs what is queued, then ends.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// False, without running it, when `jobs_max` jobs wait already.
  [[nodiscard]] bool submit(std::function<void()> job);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace keyfold
