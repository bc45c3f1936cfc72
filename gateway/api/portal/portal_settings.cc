#include "gateway/api/api/endpoints.h"
#include "gateway/api/page.h"
#include "gateway/api/portal/endpoints.h"
#include "projections/portal.h"
#include "schemas/base/random.h"

namespace keyfold::api {
namespace {

Json portal_json(const rows::PortalRow& portal) {
  Json json{{"id", portal.portal_id()}, {"slug", portal.slug()}, {"apiIds", Json::array()}};
  for (const std::string& api_id : portal.api_ids()) json["apiIds"].push_back(api_id);
  json["baseUrl"] = portal.base_url();
  json["enabled"] = portal.enabled();
  json["createdAt"] = portal.created_at_ms();
  return json;
}

}  // namespace

Answered<Step> create_portal(const Call& call, const Services& services) {
  if (!call.may({{"portal.*.create_portal", {}}})) return refuse(missing_permission("portal.*.create_portal"));
  Plan plan;
  auto& command = *plan.command.mutable_create_portal();
  for (const auto& item : call.body.at("apiIds")) {
    const auto& api_id = item.get_ref<const std::string&>();
    if (!find_live_api(call, services, api_id)) return refuse(api_not_found());
    command.add_api_ids(api_id);
  }
  command.set_portal_id(make_id("pc"));
  command.set_slug(call.text("slug"));
  command.set_base_url(call.text("baseUrl"));
  command.set_enabled(call.body.value("enabled", true));
  plan.data_json = Json{{"portalId", command.portal_id()}}.dump();
  return plan;
}

Answered<Step> update_portal(const Call& call, const Services& services) {
  const std::string& portal_id = call.text("portalId");
  if (!call.may({{"portal.*.update_portal", {}}, {"portal." + portal_id + ".update_portal", {}}})) {
    return refuse(missing_permission("portal.*.update_portal"));
  }
  const auto portal = projections::find_portal(rows_of(call, services), portal_id);
  if (!portal || portal->workspace_id() != call.workspace_id()) return refuse(portal_not_found());
  Plan plan;
  auto& command = *plan.command.mutable_update_portal();
  command.set_portal_id(portal_id);
  if (const auto* enabled = call.find("enabled")) command.set_enabled(enabled->get<bool>());
  return plan;
}

Answered<Step> list_portals(const Call& call, const Services& services) {
  if (!call.may({{"portal.*.read_portal", {}}})) return refuse(missing_permission("portal.*.read_portal"));
  const auto& reader = rows_of(call, services);
  const PageRequest request = page_request(call);
  Page page(request);
  const std::string prefix = "l/" + std::string(call.workspace_id()) + "/";
  const std::string from = request.cursor.empty() ? std::string() : prefix + request.cursor;
  services.projections.scan(call.principal->partition, projections::Table::kPortals, prefix, from,
                            [&](std::string_view row_key, std::string_view) {
                              const auto portal = projections::find_portal(reader, row_key.substr(prefix.size()));
                              return !portal || page.add(portal->portal_id(), portal_json(*portal));
                            });
  return std::move(page).finish();
}

}  // namespace keyfold::api
