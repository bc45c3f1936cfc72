#include "gateway/api/permission/endpoints.h"

namespace keyfold::api {

bool may_create_permissions(const Call& call) {
  std::string urn = "unkey:v1:" + std::string(call.workspace_id()) + ":rbac/permissions/*#create_permission";
  return call.may({{"rbac.*.create_permission", std::move(urn)}});
}

}  // namespace keyfold::api
