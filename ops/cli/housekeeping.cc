#include "ops/cli/housekeeping.h"

#include <spdlog/spdlog.h>

#include <chrono>

namespace keyfold::ops {
namespace {

constexpr std::chrono::minutes kInterval{1};

}  // namespace

Housekeeping::Housekeeping(Node& node, std::int64_t usage_retention_ms)
    : node_(node), usage_retention_ms_(usage_retention_ms), thread_([this] { run(); }) {}

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
    destroy_data_keys();
    drop_usage();
    lock.lock();
  }
}

void Housekeeping::destroy_data_keys() {
  const auto destroyed = node_.vault().destroy_expired();
  if (!destroyed) spdlog::error("expired data keys can't be destroyed: {}", destroyed.error().to_string());
  if (destroyed && *destroyed > 0) spdlog::info("destroyed {} expired data keys", *destroyed);
}

void Housekeeping::drop_usage() {
  const std::int64_t now_ms = node_.clock().now_ms();
  if (const Status dropped = node_.drop_usage(now_ms - usage_retention_ms_, now_ms); !dropped) {
    spdlog::error("old usage can't be dropped: {}", dropped.error().to_string());
  }
}

}  // namespace keyfold::ops
