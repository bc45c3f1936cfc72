#include "gateway/api/root_key/endpoints.h"

namespace keyfold::api {

Answered<Step> update_root_key(const Call& call, const Services&) {
  auto workspace_id = root_key_workspace(call, "update_root_key");
  if (!workspace_id) return refuse(std::move(workspace_id.error()));
  Plan plan;
  plan.command.set_workspace_id(*std::move(workspace_id));
  auto& command = *plan.command.mutable_update_root_key();
  command.set_root_key_id(call.text("rootKeyId"));
  if (const auto* name = call.find("name")) command.set_name(name->get<std::string>());
  if (const auto* enabled = call.find("enabled")) command.set_enabled(enabled->get<bool>());
  return plan;
}

}  // namespace keyfold::api
