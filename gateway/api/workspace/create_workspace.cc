#include "gateway/api/workspace/endpoints.h"
#include "schemas/base/encoding.h"
#include "schemas/base/random.h"

namespace keyfold::api {
namespace {

constexpr std::string_view kPermission = "workspace.*.create_workspace";
constexpr std::size_t kHashBytes = 12;

// A workspace's id says which partition decides it, so a repeat must come up with the same id to meet the first.
std::string workspace_id_of(const Call& call) {
  if (!call.idempotency) return make_id("ws", 16);
  return "ws_" + to_base58(as_view(call.idempotency->key_hash).substr(0, kHashBytes));
}

}  // namespace

Answered<Step> create_workspace(const Call& call, const Services&) {
  if (!call.holds(kPermission)) return refuse(missing_permission(kPermission));
  Plan plan;
  plan.command.set_workspace_id(workspace_id_of(call));
  plan.command.mutable_create_workspace()->set_workspace_id(plan.command.workspace_id());
  plan.command.mutable_create_workspace()->set_name(call.text("name"));
  plan.data_json = Json{{"workspaceId", plan.command.workspace_id()}}.dump();
  return plan;
}

}  // namespace keyfold::api
