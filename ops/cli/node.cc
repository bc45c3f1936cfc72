#include "ops/cli/node.h"

#include <spdlog/spdlog.h>

#include <chrono>

#include "events/embedded_usage_log.h"
#include "ops/cli/settings.h"

namespace keyfold::ops {
namespace {

constexpr std::chrono::seconds kProgressInterval{1};

}  // namespace

projections::ProgressSink log_progress() {
  using Time = std::chrono::steady_clock::time_point;
  return [told_at = Time()](const projections::Progress& progress) mutable {
    const Time now = std::chrono::steady_clock::now();
    if (progress.done < progress.total && now - told_at < kProgressInterval) return;
    told_at = now;
    spdlog::info("{}: {} of {} events", progress.what, progress.done, progress.total);
  };
}

Result<std::unique_ptr<Node>> Node::open(const v1::Config& config) {
  const Paths paths = paths_of(config);
  std::error_code error;
  std::filesystem::create_directories(paths.data, error);
  if (error) return fail(ErrorCode::kIo, "the data directory can't be made: " + error.message(), paths.data);
  auto masters = make_or_read_master_keys(config);
  if (!masters) return tl::unexpected(masters.error());

  std::unique_ptr<Node> node(new Node());
  auto log = events::EmbeddedLog::open(log_options(config, *masters));
  if (!log) return tl::unexpected(log.error());
  node->log_ = *std::move(log);
  spdlog::info("log opened: {} ({} partitions)", paths.log.string(), node->log_->partitions());

  node->vault_ = std::make_unique<actors::Vault>(*node->log_, *std::move(masters), node->clock_);
  if (const Status checked = node->vault_->check_master_keys(); !checked) return tl::unexpected(checked.error());

  auto projections = projections::Projections::open(paths.projections, *node->log_, log_progress());
  if (!projections) return tl::unexpected(projections.error());
  node->projections_ = *std::move(projections);
  spdlog::info("projections opened: {}", paths.projections.string());

  if (const Status opened = node->open_usage(config); !opened) return tl::unexpected(opened.error());
  node->runtime_ =
      std::make_unique<actors::Runtime>(*node->log_, *node->projections_, node->clock_, runtime_options(config));
  if (const Status started = node->runtime_->start(); !started) return tl::unexpected(started.error());
  node->refills_ = std::make_unique<actors::RefillWorkflow>(*node->runtime_, *node->projections_, node->clock_);
  node->reseals_ =
      std::make_unique<actors::ResealWorkflow>(*node->runtime_, *node->projections_, *node->vault_, node->clock_);
  return node;
}

Status Node::open_usage(const v1::Config& config) {
  const Paths paths = paths_of(config);
  auto log = events::EmbeddedUsageLog::open({.directory = paths.usage});
  if (!log) return tl::unexpected(log.error());
  usage_log_ = *std::move(log);
  auto store = projections::UsageStore::open(usage_store_options(config), *usage_log_);
  if (!store) return tl::unexpected(store.error());
  usage_store_ = *std::move(store);
  usage_ = std::make_unique<projections::UsageRecorder>(
      *usage_log_, *usage_store_, clock_, usage_recorder_options(config),
      [](const Error& error) { spdlog::error("usage is lost: {}", error.to_string()); });
  spdlog::info("usage opened: {} (batches {} to {})", paths.usage.string(), usage_log_->first(), usage_log_->next());
  return restore_windows(config);
}

Status Node::restore_windows(const v1::Config& config) {
  const auto counters_max = static_cast<std::size_t>(config.ratelimits().counters_max());
  windows_ = std::make_unique<projections::SlidingWindows>(counters_max, usage_.get());
  const auto restored = usage_store_->visit_live_windows(
      clock_.now_ms(), [this](std::string_view counter, std::int64_t duration_ms, std::int64_t window,
                              std::int64_t tokens) { windows_->restore(counter, duration_ms, window, tokens); });
  if (!restored) return tl::unexpected(restored.error());
  spdlog::info("rate limits restored: {} counters", windows_->stats().counters);
  return {};
}

Status Node::drop_usage(std::int64_t time_ms, std::int64_t now_ms) {
  if (const auto dropped = usage_log_->drop_before(time_ms); !dropped) return tl::unexpected(dropped.error());
  return usage_store_->drop_expired_windows(now_ms);
}

Status Node::close() {
  runtime_->drain();
  usage_->flush();
  if (Status flushed = usage_store_->flush(); !flushed) return flushed;
  return projections_->flush();
}

Result<std::unique_ptr<events::UsageLog>> open_usage_log_read_only(const v1::Config& config) {
  return events::EmbeddedUsageLog::open(
      {.directory = paths_of(config).usage, .mode = events::UsageLogOptions::Mode::kReadOnly});
}

Result<std::unique_ptr<events::EmbeddedLog>> open_log_read_only(const v1::Config& config) {
  const auto masters = read_master_keys(config);
  if (!masters) return tl::unexpected(masters.error());
  return events::EmbeddedLog::open(read_only_log_options(config, *masters));
}

}  // namespace keyfold::ops
