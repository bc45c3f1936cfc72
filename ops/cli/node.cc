#include "ops/cli/node.h"

#include <spdlog/spdlog.h>

#include "events/embedded_usage_log.h"
#include "gateway/subscriptions/webhook_sender.h"
#include "ops/cli/progress.h"
#include "ops/cli/settings.h"
#include "ops/cli/webhook_settings.h"
#include "projections/window_charges.h"

namespace keyfold::ops {
Result<std::unique_ptr<Node>> Node::open(const v1::Config& config) {
  const Paths paths = paths_of(config);
  std::error_code error;
  std::filesystem::create_directories(paths.data, error);
  if (error) return fail(ErrorCode::kIo, "the data directory can't be made: " + error.message(), paths.data);
  auto masters = make_or_read_master_keys(config);
  if (!masters) return tl::unexpected(masters.error());

  std::unique_ptr<Node> node(new Node());
  if (is_clustered(config)) {
    auto id = node_id_of(config);
    if (!id) return tl::unexpected(id.error());
    node->node_id_ = *std::move(id);
  }
  auto log = open_node_log(config, *masters);
  if (!log) return tl::unexpected(log.error());
  node->log_ = *std::move(log);
  spdlog::info("log opened: {} ({} partitions)", is_clustered(config) ? config.log().url() : paths.log.string(),
               node->log().partitions());

  node->vault_ =
      std::make_unique<actors::Vault>(*node->log_.erasable, *std::move(masters), node->clock_,
                                      is_clustered(config) ? actors::VaultStore::kShared : actors::VaultStore::kOwn);
  if (const Status checked = node->vault_->check_master_keys(); !checked) return tl::unexpected(checked.error());

  if (const Status opened = node->open_projections(config); !opened) return tl::unexpected(opened.error());
  if (const Status opened = node->open_audit(config); !opened) return tl::unexpected(opened.error());
  if (const Status opened = node->open_usage(config); !opened) return tl::unexpected(opened.error());
  if (const Status opened = node->open_runtime(config); !opened) return tl::unexpected(opened.error());
  if (const Status opened = node->open_webhooks(config); !opened) return tl::unexpected(opened.error());
  node->refills_ = std::make_unique<actors::RefillWorkflow>(*node->runtime_, *node->projections_, node->clock_);
  node->reseals_ =
      std::make_unique<actors::ResealWorkflow>(*node->runtime_, *node->projections_, *node->vault_, node->clock_);
  node->directory_ = std::make_unique<actors::DirectoryWorkflow>(*node->runtime_, *node->audit_logs_,
                                                                 *node->audit_store_, node->clock_);
  return node;
}

Node::~Node() {
  if (shared_usage_log_ != nullptr) shared_usage_log_->stop_listening();
}

Status Node::open_projections(const v1::Config& config) {
  const Paths paths = paths_of(config);
  snapshots_ = std::make_unique<projections::Snapshots>(paths.snapshots,
                                                        static_cast<std::size_t>(config.snapshots().keep_max()));
  const auto restored = projections::restore_newest(*snapshots_, paths.projections, log());
  if (!restored) return tl::unexpected(restored.error());
  if (*restored) spdlog::info("projections restored from a snapshot");
  auto projections = projections::Projections::open(paths.projections, log(), log_progress());
  if (!projections) return tl::unexpected(projections.error());
  projections_ = *std::move(projections);
  spdlog::info("projections opened: {}", paths.projections.string());
  as_of_ = std::make_unique<projections::AsOf>(log(), *snapshots_, paths.snapshots / "as_of");
  return {};
}

Status Node::open_runtime(const v1::Config& config) {
  if (log_.kafka == nullptr) {
    runtime_ = std::make_unique<actors::Runtime>(*log_.log, *projections_, clock_, runtime_options(config));
  } else {
    runtime_ = std::make_unique<actors::Runtime>(*log_.kafka, *log_.membership, cluster_options(config, node_id_),
                                                 *projections_, clock_, runtime_options(config));
  }
  Status started = runtime_->start();
  if (started && log_.kafka != nullptr) spdlog::info("node {} at {}", node_id_, runtime_->node().address);
  return started;
}

Status Node::open_webhooks(const v1::Config& config) {
  auto options = webhook_options(config);
  if (!options) return tl::unexpected(options.error());
  auto outgoing = outgoing_options(config);
  if (!outgoing) return tl::unexpected(outgoing.error());
  webhook_transport_ = std::make_unique<subscriptions::WebhookSender>(*std::move(outgoing), options->connections_max);
  webhooks_ = std::make_unique<actors::WebhookWorkflow>(*runtime_, *log_.log, *projections_, *vault_, clock_,
                                                        *webhook_transport_, *std::move(options));
  return {};
}

Status Node::open_usage_log(const v1::Config& config) {
  const Paths paths = paths_of(config);
  if (!is_clustered(config)) {
    auto log = events::EmbeddedUsageLog::open({.directory = paths.usage});
    if (!log) return tl::unexpected(log.error());
    usage_log_ = *std::move(log);
    return {};
  }
  auto kafka = kafka_options(config);
  if (!kafka) return tl::unexpected(kafka.error());
  auto log = events::KafkaUsageLog::open({.kafka = *std::move(kafka),
                                          .directory = paths.usage,
                                          .node = node_id_,
                                          .retention_ms = usage_retention_ms(config)});
  if (!log) return tl::unexpected(log.error());
  shared_usage_log_ = log->get();
  usage_log_ = *std::move(log);
  return {};
}

Status Node::open_usage(const v1::Config& config) {
  const Paths paths = paths_of(config);
  if (Status opened = open_usage_log(config); !opened) return opened;
  auto store = projections::UsageStore::open(usage_store_options(config), *usage_log_);
  if (!store) return tl::unexpected(store.error());
  usage_store_ = *std::move(store);
  usage_ = std::make_unique<projections::UsageRecorder>(
      *usage_log_, *usage_store_, clock_, usage_recorder_options(config),
      [](const Error& error) { spdlog::error("usage is lost: {}", error.to_string()); });
  spdlog::info("usage opened: {} (batches {} to {})", paths.usage.string(), usage_log_->first(), usage_log_->next());
  return restore_windows(config);
}

Status Node::open_audit(const v1::Config& config) {
  const Paths paths = paths_of(config);
  auto store = projections::AuditStore::open(paths.audit, log());
  if (!store) return tl::unexpected(store.error());
  audit_store_ = *std::move(store);
  audit_follower_ = std::make_unique<projections::AuditFollower>(*audit_store_, [](const Error& error) {
    spdlog::error("the audit store can't follow the log: {}", error.to_string());
  });
  auto logs =
      actors::AuditLogs::open(*audit_store_, log(), *log_.erasable, *vault_, audit_logs_options(config, node_id_));
  if (!logs) return tl::unexpected(logs.error());
  audit_logs_ = *std::move(logs);
  spdlog::info("audit store opened: {}, known as {}", paths.audit.string(),
               audit_logs_->verifier(projections::kDirectoryTree).name);
  return {};
}

Status Node::restore_windows(const v1::Config& config) {
  const auto counters_max = static_cast<std::size_t>(config.ratelimits().counters_max());
  windows_ = std::make_unique<projections::SlidingWindows>(counters_max, usage_.get());
  const auto restored = usage_store_->visit_live_windows(
      clock_.now_ms(), [this](std::string_view counter, std::int64_t duration_ms, std::int64_t window,
                              std::int64_t tokens) { windows_->restore(counter, duration_ms, window, tokens); });
  if (!restored) return tl::unexpected(restored.error());
  spdlog::info("rate limits restored: {} counters", windows_->stats().counters);
  if (shared_usage_log_ == nullptr) return {};
  return shared_usage_log_->listen(
      *restored, [this](events::Sequence, const v1::UsageBatch& batch) { projections::add_charges(*windows_, batch); });
}

Status Node::drop_usage(std::int64_t time_ms, std::int64_t now_ms) {
  if (const auto dropped = usage_log_->drop_before(time_ms); !dropped) return tl::unexpected(dropped.error());
  return usage_store_->drop_expired_windows(now_ms);
}

Status Node::close() {
  runtime_->drain();
  usage_->flush();
  if (Status flushed = usage_store_->flush(); !flushed) return flushed;
  if (Status flushed = audit_store_->flush(); !flushed) return flushed;
  return projections_->flush();
}

Result<std::unique_ptr<events::UsageLog>> open_usage_log_read_only(const v1::Config& config) {
  return events::EmbeddedUsageLog::open(
      {.directory = paths_of(config).usage, .mode = events::UsageLogOptions::Mode::kReadOnly});
}

}  // namespace keyfold::ops
