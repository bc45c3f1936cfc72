#include "schemas/base/worker_pool.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace keyfold {

struct WorkerPool::Impl {
  void work() {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [this] { return !jobs.empty() || is_ending; });
      if (jobs.empty()) return;
      const std::function<void()> job = std::move(jobs.front());
      jobs.pop_front();
      lock.unlock();
      job();
      lock.lock();
    }
  }

  std::size_t jobs_max = 0;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::function<void()>> jobs;
  bool is_ending = false;
  std::vector<std::thread> threads;
};

WorkerPool::WorkerPool(int threads, std::size_t jobs_max) : impl_(std::make_unique<Impl>()) {
  impl_->jobs_max = jobs_max;
  for (int i = 0; i < threads; ++i) impl_->threads.emplace_back([this] { impl_->work(); });
}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->is_ending = true;
  }
  impl_->changed.notify_all();
  for (std::thread& thread : impl_->threads) thread.join();
}

bool WorkerPool::submit(std::function<void()> job) {
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->jobs.size() >= impl_->jobs_max) return false;
    impl_->jobs.push_back(std::move(job));
  }
  impl_->changed.notify_one();
  return true;
}

}  // namespace keyfold
