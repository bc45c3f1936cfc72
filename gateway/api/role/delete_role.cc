#include "gateway/api/role/endpoints.h"

namespace keyfold::api {

Answered<Step> delete_role(const Call& call, const Services&) {
  if (!call.may({{"rbac.*.delete_role", {}}})) return refuse(missing_permission("rbac.*.delete_role"));
  Plan plan;
  plan.command.mutable_delete_role()->set_role(call.text("role"));
  return plan;
}

}  // namespace keyfold::api
