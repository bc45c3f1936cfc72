#include "gateway/api/key/change_grants.h"
#include "gateway/api/key/endpoints.h"

namespace keyfold::api {

Answered<Step> add_permissions(const Call& call, const Services& services) {
  return change_permissions(call, services, v1::ADD, {"rbac.*.add_permission_to_key"});
}

}  // namespace keyfold::api
