#include "actors/workflows/webhook_signature.h"
#include "gateway/api/webhook/endpoints.h"
#include "gateway/api/webhook/webhook_fields.h"
#include "gateway/api/webhook/webhook_secrets.h"
#include "gateway/api/webhook/webhook_start.h"
#include "schemas/base/random.h"

namespace keyfold::api {
namespace {

void set_fields(const v1::WebhookUpdated& fields, v1::WebhookCreated& webhook) {
  webhook.set_url(fields.url());
  *webhook.mutable_types() = fields.types().patterns();
  webhook.set_resource_kind(fields.resource_kind());
  webhook.set_resource_id(fields.resource_id());
  webhook.set_description(fields.description());
  webhook.set_ordered(!fields.has_ordered() || fields.ordered());
  webhook.set_enabled(!fields.has_enabled() || fields.enabled());
}

}  // namespace

Answered<Step> create_webhook(const Call& call, const Services& services) {
  if (!call.may({{"webhook.*.create_webhook", {}}})) return refuse(missing_permission("webhook.*.create_webhook"));
  Plan plan;
  auto& command = *plan.command.mutable_create_webhook();
  command.set_webhooks_max(services.webhooks.webhooks_max);
  auto& webhook = *command.mutable_webhook();
  v1::WebhookUpdated fields;
  if (auto refused = read_webhook_fields(call, services, fields)) return refuse(*std::move(refused));
  set_fields(fields, webhook);
  const auto start = webhook_start(call, services);
  if (!start) return refuse(start.error());
  if (*start) webhook.set_from_sequence(**start);
  const bool is_ed25519 = call.body.value("signature", "hmac") == "ed25519";
  webhook.set_signature(is_ed25519 ? v1::WebhookCreated::ED25519 : v1::WebhookCreated::HMAC);
  webhook.set_webhook_id(make_id("wh"));

  const actors::WebhookKey key = actors::make_webhook_key(webhook.signature());
  if (is_ed25519) webhook.set_public_key(key.shown);
  v1::WebhookSecrets secrets;
  secrets.set_key(key.bytes);
  if (const auto* headers = call.find("headers")) {
    auto read = webhook_headers_from(*headers);
    if (!read) return refuse(read.error());
    for (const auto& header : *read) webhook.add_header_names(header.name());
    *secrets.mutable_headers() = *std::move(read);
  }
  auto sealed = seal_webhook_secrets(call, services, webhook.webhook_id(), secrets, plan);
  if (!sealed) return refuse(sealed.error());
  webhook.set_sealed_secrets(*std::move(sealed));
  Json answer{{"webhookId", webhook.webhook_id()}};
  set_shown_key(answer, webhook.signature(), key.shown);
  plan.data_json = answer.dump();
  plan.holds_secret = true;
  return plan;
}

}  // namespace keyfold::api
