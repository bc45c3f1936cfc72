#include "gateway/api/endpoint.h"

#include <algorithm>

namespace keyfold::api {

bool Call::holds(std::string_view permission) const {
  return std::binary_search(principal->permissions.begin(), principal->permissions.end(), permission);
}

bool Call::has_scope(std::string_view scope) const {
  const auto& scopes = portal_session->scopes();
  return std::find(scopes.begin(), scopes.end(), scope) != scopes.end();
}

const nlohmann::json* Call::find(const char* member) const {
  const auto found = body.find(member);
  return found == body.end() || found->is_null() ? nullptr : &*found;
}

bool may_on_api(const Call& call, std::string_view api_id, std::string_view action, std::string_view urn_path) {
  std::string suffix(".");
  suffix += action;
  std::string urn;
  if (!urn_path.empty()) {
    urn.append("unkey:v1:").append(call.workspace_id()).append(":").append(urn_path).append("#").append(action);
  }
  return call.may({{"api.*" + suffix, {}}, {"api." + std::string(api_id) + suffix, std::move(urn)}});
}

}  // namespace keyfold::api
