#include "ops/cli/housekeeping.h"

#include <spdlog/spdlog.h>

#include <chrono>

namespace keyfold::ops {
namespace {

constexpr std::chrono::minutes kInterval{1};

}  // namespace

Housekeeping::Housekeeping(actors::Vault& vault) : vault_(vault), thread_([this] { run(); }) {}

Housekeeping::~Housekeeping() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  ended_.notify_one();
  thread_.join();
}

void Housekeeping::run() {
  std::unique_lock lock(mutex_);
  while (!ended_.wait_for(lock, kInterval, [this] { return ending_; })) {
    lock.unlock();
    const auto destroyed = vault_.destroy_expired();
    if (!destroyed) spdlog::error("expired data keys can't be destroyed: {}", destroyed.error().to_string());
    if (destroyed && *destroyed > 0) spdlog::info("destroyed {} expired data keys", *destroyed);
    lock.lock();
  }
}

}  // namespace keyfold::ops
