#include "gateway/api/api/endpoints.h"
#include "gateway/api/webhook/endpoints.h"
#include "projections/webhook.h"

namespace keyfold::api {

bool may_on_webhook(const Call& call, std::string_view webhook_id, std::string_view action) {
  std::string tuple = "webhook.";
  tuple.append(webhook_id).append(".").append(action);
  return call.may({{"webhook.*." + std::string(action), {}}, {std::move(tuple), {}}});
}

Answered<rows::WebhookRow> find_named_webhook(const Call& call, const Services& services, std::string_view action) {
  const std::string& webhook_id = call.text("webhookId");
  if (!may_on_webhook(call, webhook_id, action)) return refuse(missing_permission("webhook.*." + std::string(action)));
  auto webhook = projections::find_webhook(rows_of(call, services), webhook_id);
  if (!webhook || webhook->workspace_id() != call.workspace_id()) return refuse(webhook_not_found());
  return *std::move(webhook);
}

}  // namespace keyfold::api
