#include "gateway/api/webhook/webhook_secrets.h"

#include <spdlog/spdlog.h>

#include "actors/aggregates/webhook.h"

namespace keyfold::api {

Answered<std::string> seal_webhook_secrets(const Call& call, const Services& services, std::string_view webhook_id,
                                           const v1::WebhookSecrets& secrets, Plan& plan) {
  const auto context = actors::webhook_seal_context(call.workspace_id(), webhook_id);
  auto held = services.vault.seal_held(context, secrets.SerializeAsString());
  if (!held) {
    spdlog::error("{}: a webhook's secrets can't be sealed: {}", call.request_id, held.error().to_string());
    return refuse(unexpected_error());
  }
  plan.data_key = std::move(held->hold);
  return std::move(held->sealed);
}

Answered<v1::WebhookSecrets> open_webhook_secrets(const Services& services, const rows::WebhookRow& row) {
  const auto context = actors::webhook_seal_context(row.workspace_id(), row.webhook().webhook_id());
  const auto opened = services.vault.open(context, row.webhook().sealed_secrets());
  v1::WebhookSecrets secrets;
  if (opened && secrets.ParseFromString(*opened)) return secrets;
  spdlog::error("{}: the webhook's secrets can't be opened: {}", row.webhook().webhook_id(),
                opened ? "they have another form" : opened.error().to_string());
  return refuse(unexpected_error());
}

void set_shown_key(Json& out, v1::WebhookCreated::Signature signature, std::string shown) {
  out[signature == v1::WebhookCreated::ED25519 ? "publicKey" : "secret"] = std::move(shown);
}

}  // namespace keyfold::api
