#pragma once

#include <memory>

#include "actors/audit/audit_logs.h"
#include "actors/vault/vault.h"
#include "actors/workflows/refill.h"
#include "actors/workflows/reseal.h"
#include "actors/workflows/webhooks.h"
#include "projections/snapshots.h"

namespace prometheus {
class Collectable;
}

namespace keyfold::ops {

/// Where they come from; all outlive the metrics.
struct BackgroundSources {
  const actors::Vault& vault;
  const actors::RefillWorkflow& refills;
  const actors::ResealWorkflow& reseals;
  const actors::AuditLogs& audit_logs;
  const actors::WebhookWorkflow& webhooks;
  const projections::Snapshots& snapshots;
};

/// Metrics of the vault, of the workflows and of snapshots, gathered when they are asked for. Thread-safe.
[[nodiscard]] std::shared_ptr<prometheus::Collectable> make_background_metrics(const BackgroundSources& sources);

}  // namespace keyfold::ops
