#include "actors/workflows/webhook_signature.h"
#include "gateway/api/webhook/endpoints.h"
#include "gateway/api/webhook/webhook_secrets.h"

namespace keyfold::api {
namespace {

constexpr std::int64_t kOverlapMs = std::int64_t{24} * 3'600'000;

}  // namespace

Answered<Step> rotate_webhook_secret(const Call& call, const Services& services) {
  const auto webhook = find_named_webhook(call, services, "update_webhook");
  if (!webhook) return refuse(webhook.error());
  auto secrets = open_webhook_secrets(services, *webhook);
  if (!secrets) return refuse(std::move(secrets.error()));
  const auto signature = webhook->webhook().signature();
  const actors::WebhookKey key = actors::make_webhook_key(signature);
  const std::int64_t overlap_ms = call.body.value("overlap", kOverlapMs);
  secrets->set_previous_key(overlap_ms > 0 ? secrets->key() : std::string());
  secrets->set_key(key.bytes);

  Plan plan;
  auto& command = *plan.command.mutable_rotate_webhook_secret();
  auto& rotation = *command.mutable_rotation();
  rotation.set_webhook_id(webhook->webhook().webhook_id());
  if (signature == v1::WebhookCreated::ED25519) rotation.set_public_key(key.shown);
  rotation.set_previous_expires_at_ms(call.time_ms + overlap_ms);
  auto sealed = seal_webhook_secrets(call, services, rotation.webhook_id(), *secrets, plan);
  if (!sealed) return refuse(sealed.error());
  rotation.set_sealed_secrets(*std::move(sealed));
  command.set_expected(webhook->webhook().sealed_secrets());
  Json answer{{"previousExpiresAt", rotation.previous_expires_at_ms()}};
  set_shown_key(answer, signature, key.shown);
  plan.data_json = answer.dump();
  plan.holds_secret = true;
  return plan;
}

}  // namespace keyfold::api
