#include "gateway/api/webhook/endpoints.h"
#include "gateway/api/webhook/webhook_json.h"

namespace keyfold::api {

Answered<Step> get_webhook(const Call& call, const Services& services) {
  const auto webhook = find_named_webhook(call, services, "read_webhook");
  if (!webhook) return refuse(webhook.error());
  return Data{webhook_json(*webhook).dump(), {}};
}

}  // namespace keyfold::api
