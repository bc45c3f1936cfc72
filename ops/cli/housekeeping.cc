#include "ops/cli/housekeeping.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <string>
#include <utility>

#include "ops/cli/settings.h"

namespace keyfold::ops {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kMinute{60'000};
/// A data key may be held for a moment by a request under way.
constexpr milliseconds kHeldPause{200};
/// What went wrong is hardly better at once.
constexpr milliseconds kErrorPause{1'000};
constexpr milliseconds kSnapshotPause{2'000};

milliseconds destroy_expired(actors::Vault& vault) {
  const auto destroyed = vault.destroy_expired();
  if (!destroyed) spdlog::error("expired data keys can't be destroyed: {}", destroyed.error().to_string());
  if (destroyed && *destroyed > 0) spdlog::info("destroyed {} expired data keys", *destroyed);
  return kMinute;
}

milliseconds drop_usage(Node& node, std::int64_t retention_ms) {
  const std::int64_t now_ms = node.clock().now_ms();
  if (const Status dropped = node.drop_usage(now_ms - retention_ms, now_ms); !dropped) {
    spdlog::error("old usage can't be dropped: {}", dropped.error().to_string());
  }
  return kMinute;
}

/// Every minute as well as at midnight: a clock may be set, and a pass may have failed.
milliseconds refill(Node& node, const std::stop_token& stop) {
  if (node.refills().is_due()) {
    const auto report = node.refills().run(stop);
    if (report.keys > 0) spdlog::info("refilled {} keys of {} workspaces", report.keys, report.workspaces);
    if (report.failures > 0 && !stop.stop_requested()) {
      spdlog::error("refills of {} workspaces are not complete and will be tried again: {}", report.failures,
                    report.reason);
    }
  }
  const milliseconds to_midnight{kDayMs - node.clock().now_ms() % kDayMs};
  return std::min(kMinute, to_midnight);
}

milliseconds reseal(Node& node, const std::stop_token& stop) {
  const auto report = node.reseals().run(stop);
  if (!report) {
    spdlog::error("superseded data keys can't be dealt with: {}", report.error().to_string());
    return kMinute;
  }
  if (report->resealed > 0 || report->destroyed > 0) {
    spdlog::info("sealed {} secrets anew and destroyed {} superseded data keys; {} are left", report->resealed,
                 report->destroyed, report->left);
  }
  if (report->failed > 0) {
    spdlog::error("{} secrets can't be sealed anew, so {} superseded data keys stay: {}", report->failed, report->left,
                  report->reason);
  }
  return report->left > 0 && report->failed == 0 ? kHeldPause : kMinute;
}

/// Tells of a failure once, until it is over.
class CheckpointTask {
 public:
  CheckpointTask(Node& node, milliseconds interval) : node_(&node), interval_(interval) {}
  milliseconds operator()(const std::stop_token&) {
    const Status published = node_->audit_logs().publish();
    std::string text = published ? std::string() : published.error().to_string();
    if (!text.empty() && text != told_) spdlog::error("checkpoints can't be published: {}", text);
    told_ = std::move(text);
    return interval_;
  }

 private:
  Node* node_;
  milliseconds interval_;
  std::string told_;
};

/// The first pass comes an interval after the start: a node that was just started has nothing new to tell.
class DirectoryTask {
 public:
  DirectoryTask(Node& node, milliseconds interval) : node_(&node), interval_(interval) {}
  milliseconds operator()(const std::stop_token& stop) {
    if (std::exchange(is_first_, false)) return interval_;
    if (!node_->directory().run(stop) && !stop.stop_requested()) {
      spdlog::warn("checkpoints could not be put into the directory log, and will be tried again");
    }
    return interval_;
  }

 private:
  Node* node_;
  milliseconds interval_;
  bool is_first_ = true;
};

milliseconds send_webhooks(Node& node, const std::stop_token& stop) {
  const std::uint64_t disabled = node.webhooks().stats().disabled;
  const milliseconds rest = node.webhooks().run(stop);
  if (const std::uint64_t more = node.webhooks().stats().disabled - disabled; more > 0) {
    spdlog::warn("disabled {} webhooks that are gone or have been failing for too long", more);
  }
  if (const std::string error = node.webhooks().take_error(); !error.empty() && !stop.stop_requested()) {
    spdlog::error("webhooks: {}", error);
    return kErrorPause;
  }
  return rest;
}

/// Makes a snapshot when enough has happened since the one before.
class SnapshotTask {
 public:
  SnapshotTask(Node& node, const v1::SnapshotsConfig& config)
      : node_(&node),
        interval_events_(static_cast<std::uint64_t>(config.interval_events())),
        interval_ms_(config.interval_minutes() * kMinute.count()),
        made_at_ms_(node.clock().now_ms()) {
    const auto known = node.snapshots().list();
    if (known.empty()) return;
    made_at_ms_ = known.back().made_at_ms;
    for (const events::Sequence next : known.back().nexts) events_ += next;
  }

  milliseconds operator()(const std::stop_token&) {
    const projections::Projections& projections = node_->projections();
    std::uint64_t events = 0;
    for (events::PartitionId partition = 0; partition < projections.partitions(); ++partition) {
      events += projections.next(partition);
    }
    const std::int64_t now_ms = node_->clock().now_ms();
    const bool is_due =
        events >= events_ + interval_events_ || (events > events_ && now_ms - made_at_ms_ >= interval_ms_);
    if (!is_due) return kSnapshotPause;
    if (const Status made = node_->snapshots().make(projections, now_ms); !made) {
      spdlog::error("a snapshot can't be made: {}", made.error().to_string());
      return kMinute;
    }
    events_ = events;
    made_at_ms_ = now_ms;
    spdlog::info("snapshot made after {} events", events);
    return kSnapshotPause;
  }

 private:
  Node* node_;
  std::uint64_t interval_events_;
  std::int64_t interval_ms_;
  std::uint64_t events_ = 0;  // in the last snapshot
  std::int64_t made_at_ms_;
};

}  // namespace

Housekeeping::Housekeeping(Node& node, const v1::Config& config)
    : expiry_([&node](const std::stop_token&) { return destroy_expired(node.vault()); }),
      usage_(
          [&node, kept_ms = usage_retention_ms(config)](const std::stop_token&) { return drop_usage(node, kept_ms); }),
      refills_([&node](const std::stop_token& stop) { return refill(node, stop); }),
      reseals_([&node](const std::stop_token& stop) { return reseal(node, stop); }),
      checkpoints_(CheckpointTask(node, milliseconds(config.audit().checkpoint_interval_ms()))),
      directory_(DirectoryTask(node, milliseconds(config.audit().directory_interval_ms()))),
      snapshots_(SnapshotTask(node, config.snapshots())),
      node_(node),
      webhooks_([&node](const std::stop_token& stop) { return send_webhooks(node, stop); }) {
  node.webhooks().on_wake([this] { webhooks_.wake(); });
}

Housekeeping::~Housekeeping() { stop(); }

void Housekeeping::stop() {
  expiry_.stop();
  usage_.stop();
  refills_.stop();
  reseals_.stop();
  checkpoints_.stop();
  directory_.stop();
  snapshots_.stop();
  node_.webhooks().on_wake(nullptr);
  webhooks_.stop();
  node_.webhooks().finish();
}

}  // namespace keyfold::ops
