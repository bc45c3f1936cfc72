#include "gateway/api/workspace/endpoints.h"

namespace keyfold::api {
namespace {

constexpr std::string_view kPermission = "workspace.*.update_workspace";

// Whoever shut out their own workspace could not take it back.
bool shuts_out(const v1::UpdateWorkspace& command) {
  const auto& requests = command.requests();
  return (command.has_enabled() && !command.enabled()) || (requests.has_per_minute() && requests.per_minute() == 0);
}

}  // namespace

Answered<Step> update_workspace(const Call& call, const Services&) {
  if (!call.holds(kPermission)) return refuse(missing_permission(kPermission));
  Plan plan;
  plan.command.set_workspace_id(call.text("workspaceId"));
  auto& command = *plan.command.mutable_update_workspace();
  if (const auto* enabled = call.find("enabled")) command.set_enabled(enabled->get<bool>());
  if (call.body.contains("requestsPerMinute")) {
    auto& requests = *command.mutable_requests();
    if (const auto* most = call.find("requestsPerMinute")) requests.set_per_minute(most->get<std::int64_t>());
  }
  if (plan.command.workspace_id() == call.workspace_id() && shuts_out(command)) {
    return refuse(invalid_input("A root key can't shut out the workspace that it acts for: use one of another."));
  }
  return plan;
}

}  // namespace keyfold::api
