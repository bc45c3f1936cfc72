#include "gateway/api/key/key_fields.h"
#include "gateway/api/permission/endpoints.h"
#include "gateway/api/role/endpoints.h"
#include "schemas/base/random.h"

namespace keyfold::api {

Answered<Step> create_role(const Call& call, const Services&) {
  if (!call.may({{"rbac.*.create_role", {}}})) return refuse(missing_permission("rbac.*.create_role"));
  Plan plan;
  auto& command = *plan.command.mutable_create_role();
  command.set_role_id(make_id("role"));
  command.set_name(call.text("name"));
  command.set_description(call.body.value("description", ""));
  command.set_may_create(may_create_permissions(call));
  if (const auto* slugs = call.find("permissions")) read_permissions(*slugs, *command.mutable_permissions());
  if (!command.permissions().empty() && !call.may({{"rbac.*.add_permission_to_role", {}}})) {
    return refuse(missing_permission("rbac.*.add_permission_to_role"));
  }
  plan.data_json = Json{{"roleId", command.role_id()}}.dump();
  return plan;
}

}  // namespace keyfold::api
