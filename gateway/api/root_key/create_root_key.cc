#include "gateway/api/root_key/endpoints.h"
#include "gateway/api/root_key_secret.h"

namespace keyfold::api {
namespace {

// A root key never grants what its maker does not hold, nor for longer.
std::optional<ApiError> refuse_grants(const Call& call, const v1::CreateRootKey& command) {
  for (const std::string& permission : command.permissions()) {
    if (!is_grant(permission)) {
      return invalid_input("'" + permission +
                           "' is not a permission: write type.id.action (api.*.create_key), a URN grant "
                           "(unkey:v1:<workspace>:<path>#<action>), or administrator.");
    }
    if (!may_grant(call.principal->permissions, permission)) return missing_permission(permission);
  }
  const auto& maker_expires = call.principal->expires_at_ms;
  if (maker_expires && (!command.has_expires_at_ms() || command.expires_at_ms() > *maker_expires)) {
    return invalid_input("This root key expires, so what it makes must expire no later: set `expires` to " +
                         std::to_string(*maker_expires) + " or less.");
  }
  return std::nullopt;
}

}  // namespace

Answered<Step> create_root_key(const Call& call, const Services&) {
  auto workspace_id = root_key_workspace(call, "create_root_key");
  if (!workspace_id) return refuse(std::move(workspace_id.error()));
  const RootKeySecret made = make_root_key_secret();
  Plan plan;
  plan.command.set_workspace_id(*std::move(workspace_id));
  auto& command = *plan.command.mutable_create_root_key();
  command.set_root_key_id(made.id);
  command.set_name(call.text("name"));
  command.set_hash(made.hash.data(), made.hash.size());
  command.set_start(made.start);
  for (const auto& permission : call.body.at("permissions")) command.add_permissions(permission.get<std::string>());
  if (const auto* expires = call.find("expires")) command.set_expires_at_ms(expires->get<std::int64_t>());
  if (auto refused = refuse_grants(call, command)) return refuse(*std::move(refused));
  plan.data_json = Json{{"rootKeyId", made.id}, {"rootKey", made.secret}}.dump();
  plan.holds_secret = true;
  return plan;
}

}  // namespace keyfold::api
