#include "gateway/api/webhook/endpoints.h"
#include "gateway/api/webhook/webhook_fields.h"
#include "gateway/api/webhook/webhook_secrets.h"

namespace keyfold::api {
namespace {

/// The header values are sealed together with the key, which stays.
std::optional<ApiError> set_headers(const Call& call, const Services& services, const rows::WebhookRow& webhook,
                                    WebhookHeaders headers, Plan& plan) {
  auto& command = *plan.command.mutable_update_webhook();
  auto& names = *command.mutable_changes()->mutable_header_names();
  for (const auto& header : headers) names.add_names(header.name());
  auto secrets = open_webhook_secrets(services, webhook);
  if (!secrets) return std::move(secrets.error());
  *secrets->mutable_headers() = std::move(headers);
  auto sealed = seal_webhook_secrets(call, services, webhook.webhook().webhook_id(), *secrets, plan);
  if (!sealed) return std::move(sealed.error());
  command.mutable_changes()->set_sealed_secrets(*std::move(sealed));
  command.set_expected(webhook.webhook().sealed_secrets());
  return std::nullopt;
}

}  // namespace

Answered<Step> update_webhook(const Call& call, const Services& services) {
  const auto webhook = find_named_webhook(call, services, "update_webhook");
  if (!webhook) return refuse(webhook.error());
  Plan plan;
  auto& changes = *plan.command.mutable_update_webhook()->mutable_changes();
  changes.set_webhook_id(webhook->webhook().webhook_id());
  if (auto refused = read_webhook_fields(call, services, changes)) return refuse(*std::move(refused));
  if (const auto* headers = call.find("headers")) {
    auto read = webhook_headers_from(*headers);
    if (!read) return refuse(read.error());
    if (auto refused = set_headers(call, services, *webhook, *std::move(read), plan)) {
      return refuse(*std::move(refused));
    }
  }
  return plan;
}

}  // namespace keyfold::api
