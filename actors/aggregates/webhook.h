#pragma once

#include "actors/aggregates/decision.h"
#include "actors/vault/vault.h"

// Webhooks: where events are sent to, and how far the sending is.
namespace keyfold::actors {

/// What a webhook's secrets are bound to: its workspace's ring and its id.
[[nodiscard]] SealContext webhook_seal_context(std::string_view workspace_id, std::string_view webhook_id);

/// kIdTaken; kInvalidInput when the workspace has as many as it may.
[[nodiscard]] Decided decide(const v1::CreateWebhook& command, const Context& context,
                             const projections::RowReader& reader);

/// kWebhookNotFound; kIdTaken when the secrets that the command's were made from are not there any more, so that it is
/// made anew. Nothing happens when the webhook is like that already.
[[nodiscard]] Decided decide(const v1::UpdateWebhook& command, const Context& context,
                             const projections::RowReader& reader);

/// The same.
[[nodiscard]] Decided decide(const v1::RotateWebhookSecret& command, const Context& context,
                             const projections::RowReader& reader);

/// kWebhookNotFound.
[[nodiscard]] Decided decide(const v1::DeleteWebhook& command, const Context& context,
                             const projections::RowReader& reader);
[[nodiscard]] Decided decide(const v1::TestWebhook& command, const Context& context,
                             const projections::RowReader& reader);

/// kWebhookNotFound; what is not remembered any more is passed over.
[[nodiscard]] Decided decide(const v1::RedeliverWebhook& command, const Context& context,
                             const projections::RowReader& reader);

/// Nothing happens when the webhook was deleted, or what there is to say is known; a webhook that is disabled already
/// is not disabled again.
[[nodiscard]] Decided decide(const v1::RecordWebhookDeliveries& command, const Context& context,
                             const projections::RowReader& reader);

/// Puts another ciphertext of the same secrets in the place of the expected one. Nothing happens when the webhook holds
/// another one by now: a change in between wins.
[[nodiscard]] Decided decide(const v1::ResealWebhook& command, const Context& context,
                             const projections::RowReader& reader);

}  // namespace keyfold::actors
