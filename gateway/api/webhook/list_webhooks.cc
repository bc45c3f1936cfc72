#include "gateway/api/api/endpoints.h"
#include "gateway/api/page.h"
#include "gateway/api/webhook/endpoints.h"
#include "gateway/api/webhook/webhook_json.h"
#include "projections/webhook.h"

namespace keyfold::api {

Answered<Step> list_webhooks(const Call& call, const Services& services) {
  if (!call.may({{"webhook.*.read_webhook", {}}})) return refuse(missing_permission("webhook.*.read_webhook"));
  const auto& reader = rows_of(call, services);
  const PageRequest request = page_request(call);
  Page page(request);
  const std::string prefix = projections::webhook_list_prefix(call.workspace_id());
  const std::string from = request.cursor.empty() ? std::string() : prefix + request.cursor;
  services.projections.scan(call.principal->partition, projections::Table::kWebhooks, prefix, from,
                            [&](std::string_view row_key, std::string_view) {
                              const auto webhook = projections::find_webhook(reader, row_key.substr(prefix.size()));
                              return !webhook || page.add(webhook->webhook().webhook_id(), webhook_json(*webhook));
                            });
  return std::move(page).finish();
}

}  // namespace keyfold::api
