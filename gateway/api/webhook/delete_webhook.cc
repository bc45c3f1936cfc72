#include "gateway/api/webhook/endpoints.h"

namespace keyfold::api {

Answered<Step> delete_webhook(const Call& call, const Services& services) {
  const auto webhook = find_named_webhook(call, services, "delete_webhook");
  if (!webhook) return refuse(webhook.error());
  Plan plan;
  plan.command.mutable_delete_webhook()->set_webhook_id(webhook->webhook().webhook_id());
  return plan;
}

}  // namespace keyfold::api
