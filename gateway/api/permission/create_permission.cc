#include "gateway/api/permission/endpoints.h"
#include "schemas/base/random.h"

namespace keyfold::api {

Answered<Step> create_permission(const Call& call, const Services&) {
  if (!call.may({{"rbac.*.create_permission", {}}})) return refuse(missing_permission("rbac.*.create_permission"));
  Plan plan;
  auto& command = *plan.command.mutable_create_permission();
  command.set_permission_id(make_id("perm"));
  command.set_name(call.text("name"));
  command.set_slug(call.text("slug"));
  command.set_description(call.body.value("description", ""));
  plan.data_json = Json{{"permissionId", command.permission_id()}}.dump();
  return plan;
}

}  // namespace keyfold::api
