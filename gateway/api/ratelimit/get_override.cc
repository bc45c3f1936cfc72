#include "gateway/api/ratelimit/endpoints.h"
#include "gateway/api/ratelimit/override_json.h"

namespace keyfold::api {
namespace {

bool may_read(const Call& call, const projections::RatelimitRule& rule) {
  std::string urn = "unkey:v1:";
  urn.append(call.workspace_id()).append(":ratelimits/namespaces/").append(rule.namespace_id);
  urn.append("/overrides/").append(rule.override->override_id).append("#read_override");
  return may_on_namespace(call, rule.namespace_id, "read_override") || call.may({{{}, std::move(urn)}});
}

}  // namespace

Answered<Step> get_override(const Call& call, const Services& services) {
  const auto found = find_live_namespace(call, services, call.text("identifier"));
  if (!found) return refuse(found.error());
  if (!found->override || !may_read(call, *found)) return refuse(ratelimit_override_not_found());
  return Data{override_json(*found->override).dump(), {}};
}

}  // namespace keyfold::api
