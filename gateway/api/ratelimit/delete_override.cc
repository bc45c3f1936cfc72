#include "gateway/api/ratelimit/endpoints.h"

namespace keyfold::api {

Answered<Step> delete_override(const Call& call, const Services& services) {
  const auto found = find_live_namespace(call, services);
  if (!found) return refuse(found.error());
  if (!may_on_namespace(call, found->namespace_id, "delete_override")) {
    return refuse(missing_permission("ratelimit.*.delete_override"));
  }
  Plan plan;
  plan.command.mutable_delete_ratelimit_override()->set_namespace_id(found->namespace_id);
  plan.command.mutable_delete_ratelimit_override()->set_identifier(call.text("identifier"));
  return plan;
}

}  // namespace keyfold::api
