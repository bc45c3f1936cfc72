#pragma once

#include <memory>

#include "actors/audit/audit_logs.h"
#include "actors/vault/vault.h"
#include "actors/workflows/refill.h"
#include "actors/workflows/reseal.h"
#include "actors/workflows/webhooks.h"

namespace prometheus {
class Collectable;
}

namespace keyfold::ops {

/// Metrics of the vault and of the workflows, gathered when they are asked for. The sources outlive the result.
/// Thread-safe.
[[nodiscard]] std::shared_ptr<prometheus::Collectable> make_background_metrics(const actors::Vault& vault,
                                                                               const actors::RefillWorkflow& refills,
                                                                               const actors::ResealWorkflow& reseals,
                                                                               const actors::AuditLogs& audit_logs,
                                                                               const actors::WebhookWorkflow& webhooks);

}  // namespace keyfold::ops
