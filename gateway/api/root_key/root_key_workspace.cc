#include "gateway/api/root_key/endpoints.h"

namespace keyfold::api {

Answered<std::string> root_key_workspace(const Call& call, std::string_view action) {
  constexpr std::string_view kManage = "workspace.*.manage_root_keys";
  const auto* workspace_id = call.find("workspaceId");
  if (workspace_id != nullptr && *workspace_id != call.workspace_id()) {
    if (!call.holds(kManage)) return refuse(missing_permission(kManage));
    return workspace_id->get<std::string>();
  }
  const std::string permission = "root_key.*." + std::string(action);
  if (!call.may({{permission, {}}})) return refuse(missing_permission(permission));
  return std::string(call.workspace_id());
}

}  // namespace keyfold::api
