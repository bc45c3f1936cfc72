#include "gateway/api/key/change_grants.h"
#include "gateway/api/key/endpoints.h"

namespace keyfold::api {

Answered<Step> remove_roles(const Call& call, const Services& services) {
  return change_roles(call, services, v1::REMOVE, {});
}

}  // namespace keyfold::api
