#include "gateway/api/ratelimit/endpoints.h"

namespace keyfold::api {

Answered<Step> delete_namespace(const Call& call, const Services& services) {
  const auto found = find_live_namespace(call, services);
  if (!found) return refuse(found.error());
  if (!may_on_namespace(call, found->namespace_id, "delete_namespace")) {
    return refuse(missing_permission("ratelimit.*.delete_namespace"));
  }
  Plan plan;
  plan.command.mutable_delete_ratelimit_namespace()->set_namespace_id(found->namespace_id);
  return plan;
}

}  // namespace keyfold::api
