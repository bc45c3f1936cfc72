#include "gateway/api/webhook/endpoints.h"

namespace keyfold::api {

Answered<Step> test_webhook(const Call& call, const Services& services) {
  const auto webhook = find_named_webhook(call, services, "update_webhook");
  if (!webhook) return refuse(webhook.error());
  if (!webhook->webhook().enabled()) return refuse(precondition_failed("The webhook is disabled: enable it first."));
  Plan plan;
  plan.command.mutable_test_webhook()->set_webhook_id(webhook->webhook().webhook_id());
  return plan;
}

}  // namespace keyfold::api
