#include "gateway/api/key/change_grants.h"
#include "gateway/api/key/endpoints.h"

namespace keyfold::api {

Answered<Step> remove_permissions(const Call& call, const Services& services) {
  return change_permissions(call, services, v1::REMOVE, {"rbac.*.remove_permission_from_key"});
}

}  // namespace keyfold::api
