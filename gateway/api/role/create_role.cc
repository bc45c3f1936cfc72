#include "gateway/api/api/endpoints.h"
#include "gateway/api/key/key_fields.h"
#include "gateway/api/role/endpoints.h"
#include "projections/permission.h"
#include "schemas/base/random.h"

namespace keyfold::api {
namespace {

std::optional<ApiError> refuse_permissions(const Call& call, const Services& services, const v1::CreateRole& command) {
  if (command.permissions().empty()) return std::nullopt;
  if (!call.may({{"rbac.*.add_permission_to_role", {}}})) return missing_permission("rbac.*.add_permission_to_role");
  const std::string urn = "unkey:v1:" + std::string(call.workspace_id()) + ":rbac/permissions/*#create_permission";
  if (call.may({{"rbac.*.create_permission", urn}})) return std::nullopt;
  for (const v1::Reference& permission : command.permissions()) {
    if (!projections::find_permission_id_by_slug(rows_of(call, services), call.workspace_id(), permission.name())) {
      return missing_permission("rbac.*.create_permission");
    }
  }
  return std::nullopt;
}

}  // namespace

Answered<Step> create_role(const Call& call, const Services& services) {
  if (!call.may({{"rbac.*.create_role", {}}})) return refuse(missing_permission("rbac.*.create_role"));
  Plan plan;
  auto& command = *plan.command.mutable_create_role();
  command.set_role_id(make_id("role"));
  command.set_name(call.text("name"));
  command.set_description(call.body.value("description", ""));
  if (const auto* slugs = call.find("permissions")) read_permissions(*slugs, *command.mutable_permissions());
  if (auto refused = refuse_permissions(call, services, command)) return refuse(*std::move(refused));
  plan.data_json = Json{{"roleId", command.role_id()}}.dump();
  return plan;
}

}  // namespace keyfold::api
