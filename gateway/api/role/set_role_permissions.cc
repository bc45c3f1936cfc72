#include "gateway/api/key/key_fields.h"
#include "gateway/api/permission/endpoints.h"
#include "gateway/api/role/endpoints.h"

namespace keyfold::api {

Answered<Step> set_role_permissions(const Call& call, const Services&) {
  for (const char* permission : {"rbac.*.add_permission_to_role", "rbac.*.remove_permission_from_role"}) {
    if (!call.may({{permission, {}}})) return refuse(missing_permission(permission));
  }
  Plan plan;
  auto& command = *plan.command.mutable_set_role_permissions();
  command.set_role_id(call.text("roleId"));
  command.set_may_create(may_create_permissions(call));
  read_permissions(call.body.at("permissions"), *command.mutable_permissions());
  return plan;
}

}  // namespace keyfold::api
