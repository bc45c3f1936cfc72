#include "gateway/api/permission/endpoints.h"

namespace keyfold::api {

Answered<Step> delete_permission(const Call& call, const Services&) {
  if (!call.may({{"rbac.*.delete_permission", {}}})) return refuse(missing_permission("rbac.*.delete_permission"));
  Plan plan;
  plan.command.mutable_delete_permission()->set_permission(call.text("permission"));
  return plan;
}

}  // namespace keyfold::api
