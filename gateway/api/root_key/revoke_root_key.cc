#include "gateway/api/root_key/endpoints.h"

namespace keyfold::api {

Answered<Step> revoke_root_key(const Call& call, const Services&) {
  auto workspace_id = root_key_workspace(call, "revoke_root_key");
  if (!workspace_id) return refuse(std::move(workspace_id.error()));
  Plan plan;
  plan.command.set_workspace_id(*std::move(workspace_id));
  plan.command.mutable_revoke_root_key()->set_root_key_id(call.text("rootKeyId"));
  return plan;
}

}  // namespace keyfold::api
