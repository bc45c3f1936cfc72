#include "gateway/api/ratelimit/endpoints.h"

namespace keyfold::api {

Answered<projections::RatelimitRule> find_live_namespace(const Call& call, const Services& services,
                                                         std::string_view identifier) {
  const auto& index = services.projections.ratelimits(call.principal->partition);
  auto rule = index.find(call.workspace_id(), call.text("namespace"), identifier);
  if (!rule || rule->is_deleted) return refuse(ratelimit_namespace_not_found());
  return *std::move(rule);
}

bool may_on_namespace(const Call& call, std::string_view namespace_id, std::string_view action) {
  std::string suffix(".");
  suffix += action;
  return call.may({{"ratelimit.*" + suffix, {}}, {"ratelimit." + std::string(namespace_id) + suffix, {}}});
}

}  // namespace keyfold::api
