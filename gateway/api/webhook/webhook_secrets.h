#pragma once

#include <string>
#include <string_view>

#include "gateway/api/endpoint.h"
#include "keyfold/v1/webhook.pb.h"
#include "projections/rows.pb.h"

// A webhook's keys and header values: on the log and in rows only as vault ciphertext, bound to workspace and webhook.
namespace keyfold::api {

/// The ciphertext, for the plan's command. The plan keeps the data key from being destroyed until its command is
/// answered. May block, the first time in a workspace.
[[nodiscard]] Answered<std::string> seal_webhook_secrets(const Call& call, const Services& services,
                                                         std::string_view webhook_id, const v1::WebhookSecrets& secrets,
                                                         Plan& plan);

/// May block, when the data key is not in memory.
[[nodiscard]] Answered<v1::WebhookSecrets> open_webhook_secrets(const Services& services, const rows::WebhookRow& row);

/// Shows the text by which deliveries are checked: `secret`, or `publicKey` for Ed25519.
void set_shown_key(Json& out, v1::WebhookCreated::Signature signature, std::string shown);

}  // namespace keyfold::api
