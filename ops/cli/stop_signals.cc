#include "ops/cli/stop_signals.h"

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <thread>

namespace keyfold::ops {
namespace {

sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

}  // namespace

struct StopSignals::Impl {
  enum class Phase { kStarting, kServing, kStopping, kEnded };

  void run() {
    const sigset_t signals = stop_signals();
    while (true) {
      int signal = 0;
      sigwait(&signals, &signal);
      if (phase == Phase::kEnded) return;
      Phase serving = Phase::kServing;
      if (!phase.compare_exchange_strong(serving, Phase::kStopping)) ::_exit(128 + signal);
      phase.notify_all();
    }
  }

  std::atomic<Phase> phase{Phase::kStarting};
  sigset_t before{};
  std::thread thread;
};

StopSignals::StopSignals() : impl_(std::make_unique<Impl>()) {
  const sigset_t signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, &impl_->before);
  // A peer that closes early is an error of one write, not the end of the server.
  std::signal(SIGPIPE, SIG_IGN);
  impl_->thread = std::thread([impl = impl_.get()] { impl->run(); });
}

StopSignals::~StopSignals() {
  impl_->phase = Impl::Phase::kEnded;
  pthread_kill(impl_->thread.native_handle(), SIGINT);
  impl_->thread.join();
  pthread_sigmask(SIG_SETMASK, &impl_->before, nullptr);
}

void StopSignals::wait() {
  impl_->phase = Impl::Phase::kServing;
  impl_->phase.wait(Impl::Phase::kServing);
}

}  // namespace keyfold::ops
