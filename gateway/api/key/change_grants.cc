#include "gateway/api/key/change_grants.h"

#include "gateway/api/key/key_fields.h"
#include "gateway/api/key/key_json.h"
#include "gateway/api/permission/endpoints.h"

namespace keyfold::api {
namespace {

std::optional<ApiError> refuse_change(const Call& call, const Services& services,
                                      std::initializer_list<std::string_view> rbac) {
  const auto key = find_live_key(call, services, call.text("keyId"));
  if (!key) return key_not_found();
  const std::string urn = "unkey:v1:" + std::string(call.workspace_id()) + ":keyspaces/" + key->keyspace_id() +
                          "/keys/" + key->key_id() + "#update_key";
  if (call.may({{{}, urn}})) return std::nullopt;
  if (!may_on_api(call, key->api_id(), "update_key")) return missing_permission("api.*.update_key");
  for (const std::string_view permission : rbac) {
    if (!call.holds(permission)) return missing_permission(permission);
  }
  return std::nullopt;
}

}  // namespace

Answered<Step> change_permissions(const Call& call, const Services& services, v1::SetOperation operation,
                                  std::initializer_list<std::string_view> rbac) {
  if (auto refused = refuse_change(call, services, rbac)) return refuse(*std::move(refused));
  Plan plan;
  auto& command = *plan.command.mutable_change_key_permissions();
  command.set_key_id(call.text("keyId"));
  command.set_operation(operation);
  command.set_may_create(may_create_permissions(call));
  read_permissions(call.body.at("permissions"), *command.mutable_permissions());
  return plan;
}

Answered<Step> change_roles(const Call& call, const Services& services, v1::SetOperation operation,
                            std::initializer_list<std::string_view> rbac) {
  if (auto refused = refuse_change(call, services, rbac)) return refuse(*std::move(refused));
  Plan plan;
  auto& command = *plan.command.mutable_change_key_roles();
  command.set_key_id(call.text("keyId"));
  command.set_operation(operation);
  for (const auto& name : call.body.at("roles")) command.add_names(name.get<std::string>());
  return plan;
}

}  // namespace keyfold::api
