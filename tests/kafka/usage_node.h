#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "events/kafka/kafka_usage_log.h"
#include "projections/sliding_windows.h"
#include "projections/usage_recorder.h"
#include "projections/usage_store.h"
#include "projections/window_charges.h"

namespace keyfold::testing {

/// What a node of a cluster has for usage, put together as the program does it.
class UsageNode {
 public:
  UsageNode(events::KafkaUsageLogOptions options, const Clock& clock) : options_(std::move(options)), clock_(clock) {
    start();
  }

  ~UsageNode() { stop(); }
  UsageNode(const UsageNode&) = delete;
  UsageNode& operator=(const UsageNode&) = delete;

  void start() {
    log_ = events::KafkaUsageLog::open(options_).value();
    store_ = projections::UsageStore::open({.directory = options_.directory / "projections"}, *log_).value();
    recorder_ = std::make_unique<projections::UsageRecorder>(
        *log_, *store_, clock_, projections::UsageRecorderOptions{.batch_interval_ms = 3'600'000}, nullptr);
    windows_ = std::make_unique<projections::SlidingWindows>(1'000, recorder_.get());
    const auto counted = store_->visit_live_windows(
        clock_.now_ms(), [this](std::string_view counter, std::int64_t duration_ms, std::int64_t window,
                                std::int64_t tokens) { windows_->restore(counter, duration_ms, window, tokens); });
    const auto add = [this](events::Sequence, const v1::UsageBatch& batch) {
      projections::add_charges(*windows_, batch);
    };
    EXPECT_TRUE(log_->listen(counted.value(), add));
  }
  /// Writes what waits first. Safe to repeat.
  void stop() {
    if (!log_) return;
    log_->stop_listening();
    windows_.reset();
    recorder_.reset();
    store_.reset();
    log_.reset();
  }

  [[nodiscard]] events::KafkaUsageLog& log() { return *log_; }
  [[nodiscard]] projections::UsageStore& store() { return *store_; }
  [[nodiscard]] projections::UsageRecorder& recorder() { return *recorder_; }
  [[nodiscard]] projections::SlidingWindows& windows() { return *windows_; }

  /// Charges a counter of `kLimit` tokens.
  void charge(const std::string& counter, std::int64_t tokens) { check(counter, tokens); }
  /// What this node has counted.
  [[nodiscard]] std::int64_t counted(const std::string& counter) { return kLimit - check(counter, 0).remaining; }

 private:
  static constexpr std::int64_t kLimit = 1'000'000;
  projections::WindowVerdict check(const std::string& counter, std::int64_t cost) {
    const projections::WindowCheck check{.counter = counter, .limit = kLimit, .duration_ms = 3'600'000, .cost = cost};
    return windows_->check({&check, 1}, clock_.now_ms()).front();
  }

  const events::KafkaUsageLogOptions options_;
  const Clock& clock_;
  std::unique_ptr<events::KafkaUsageLog> log_;
  std::unique_ptr<projections::UsageStore> store_;
  std::unique_ptr<projections::UsageRecorder> recorder_;
  std::unique_ptr<projections::SlidingWindows> windows_;
};

}  // namespace keyfold::testing
