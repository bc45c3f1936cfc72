#pragma once

#include <cstdint>
#include <string>

#include "actors/vault/vault.h"
#include "actors/workflows/webhook_transport.h"
#include "events/log.h"
#include "projections/projections.h"

namespace keyfold::actors {

/// Where a delivery's parts come from.
struct WebhookSources {
  const events::Log& log;
  const projections::Projections& projections;
  const Vault& vault;
};

/// The event in its public form, signed at that time with the webhook's keys as they are now, for its URL as it is now.
/// kNotFound when the webhook was deleted; what the log or the vault says when they can't give their part. May block
/// when a data key is not in memory.
[[nodiscard]] Result<WebhookRequest> make_webhook_request(const WebhookSources& sources,
                                                          const events::Position& position,
                                                          const std::string& webhook_id, std::int64_t now_ms);

}  // namespace keyfold::actors
