#include "ops/cli/background_metrics.h"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include "ops/cli/process_metrics.h"
#include "schemas/base/clock.h"

namespace keyfold::ops {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;
using Families = std::vector<MetricFamily>;

constexpr double kDaySeconds = static_cast<double>(kDayMs) / 1'000;

void add_vault(const actors::Vault::Stats& stats, Families& out) {
  MetricFamily operations{"keyfold_vault_operations_total", "Texts by what the vault did.", MetricType::Counter, {}};
  add_labelled(operations, "operation", "seal", static_cast<double>(stats.sealed));
  add_labelled(operations, "operation", "open", static_cast<double>(stats.opened));
  add_labelled(operations, "operation", "fail", static_cast<double>(stats.failed));
  out.push_back(std::move(operations));
  MetricFamily keys{"keyfold_vault_data_keys_total", "Data keys by what became of them.", MetricType::Counter, {}};
  add_labelled(keys, "event", "made", static_cast<double>(stats.data_keys_made));
  add_labelled(keys, "event", "rewrapped", static_cast<double>(stats.data_keys_rewrapped));
  add_labelled(keys, "event", "destroyed", static_cast<double>(stats.data_keys_destroyed));
  out.push_back(std::move(keys));
}

void add_reseals(const actors::ResealWorkflow::Stats& stats, Families& out) {
  MetricFamily secrets{"keyfold_vault_reseals_total", "Secrets of superseded data keys.", MetricType::Counter, {}};
  add_labelled(secrets, "outcome", "resealed", static_cast<double>(stats.resealed));
  add_labelled(secrets, "outcome", "failed", static_cast<double>(stats.failed));
  out.push_back(std::move(secrets));
  out.push_back(one_metric("keyfold_vault_superseded_data_keys", "Superseded data keys left by the last pass.",
                           MetricType::Gauge, static_cast<double>(stats.data_keys_left)));
}

void add_refills(const actors::RefillWorkflow::Stats& stats, Families& out) {
  out.push_back(one_metric("keyfold_refilled_keys_total", "Keys whose refill was due.", MetricType::Counter,
                           static_cast<double>(stats.keys)));
  out.push_back(one_metric("keyfold_refill_failures_total", "Workspaces whose refills have to be tried again.",
                           MetricType::Counter, static_cast<double>(stats.failures)));
  out.push_back(
      one_metric("keyfold_refills_completed_day_seconds",
                 "The UTC day through which all refills are done, as the Unix time of its beginning; 0: none.",
                 MetricType::Gauge, static_cast<double>(stats.completed_day) * kDaySeconds));
}

void add_checkpoints(const actors::AuditLogs::Stats& stats, Families& out) {
  add_counters({{"keyfold_audit_checkpoints_total", "Checkpoints that were published.", stats.published},
                {"keyfold_audit_checkpoint_errors_total", "Times that a tree could not be signed.", stats.errors}},
               out);
}

void add_webhooks(const actors::WebhookWorkflow::Stats& stats, Families& out) {
  MetricFamily attempts{
      "keyfold_webhook_attempts_total", "Attempts to deliver, by what follows.", MetricType::Counter, {}};
  add_labelled(attempts, "outcome", "delivered", static_cast<double>(stats.delivered));
  add_labelled(attempts, "outcome", "retry", static_cast<double>(stats.retried));
  add_labelled(attempts, "outcome", "failed", static_cast<double>(stats.failed));
  out.push_back(std::move(attempts));
  const auto gauge = [&out](const char* name, const char* help, double value) {
    out.push_back(one_metric(name, help, MetricType::Gauge, value));
  };
  gauge("keyfold_webhooks", "Enabled webhooks that this node sends to.", static_cast<double>(stats.webhooks));
  gauge("keyfold_webhook_pending", "Deliveries that wait for an attempt or are under way.",
        static_cast<double>(stats.pending));
  gauge("keyfold_webhook_dead_letters", "Deliveries that failed for good and are remembered.",
        static_cast<double>(stats.dead_letters));
  gauge("keyfold_webhook_oldest_pending_seconds", "Age of the oldest event that waits; 0: none does.",
        static_cast<double>(stats.oldest_pending_ms) / 1'000);
  out.push_back(one_metric("keyfold_webhook_errors_total", "Reading events or recording progress failed, for now.",
                           MetricType::Counter, static_cast<double>(stats.errors)));
  out.push_back(one_metric("keyfold_webhooks_disabled_total", "Webhooks that were disabled for failing or being gone.",
                           MetricType::Counter, static_cast<double>(stats.disabled)));
}

void add_snapshots(const projections::Snapshots::Stats& stats, Families& out) {
  MetricFamily snapshots{"keyfold_snapshots_total", "Snapshots of the read models.", MetricType::Counter, {}};
  add_labelled(snapshots, "outcome", "made", static_cast<double>(stats.made));
  add_labelled(snapshots, "outcome", "failed", static_cast<double>(stats.failed));
  out.push_back(std::move(snapshots));
}

class BackgroundMetrics final : public prometheus::Collectable {
 public:
  explicit BackgroundMetrics(const BackgroundSources& sources) : from_(sources) {}

  [[nodiscard]] Families Collect() const override {
    Families out;
    add_vault(from_.vault.stats(), out);
    add_reseals(from_.reseals.stats(), out);
    add_refills(from_.refills.stats(), out);
    add_checkpoints(from_.audit_logs.stats(), out);
    add_webhooks(from_.webhooks.stats(), out);
    add_snapshots(from_.snapshots.stats(), out);
    return out;
  }

 private:
  const BackgroundSources from_;
};

}  // namespace

std::shared_ptr<prometheus::Collectable> make_background_metrics(const BackgroundSources& sources) {
  return std::make_shared<BackgroundMetrics>(sources);
}

}  // namespace keyfold::ops
