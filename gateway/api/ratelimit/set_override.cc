#include "gateway/api/ratelimit/endpoints.h"
#include "schemas/base/random.h"

namespace keyfold::api {

Answered<Step> set_override(const Call& call, const Services& services) {
  const auto found = find_live_namespace(call, services);
  if (!found) return refuse(found.error());
  if (!may_on_namespace(call, found->namespace_id, "set_override")) {
    return refuse(missing_permission("ratelimit.*.set_override"));
  }
  Plan plan;
  auto& command = *plan.command.mutable_set_ratelimit_override();
  command.set_namespace_id(found->namespace_id);
  command.set_candidate_id(make_id("rlor"));
  command.set_identifier(call.text("identifier"));
  command.set_limit(call.body.at("limit").get<std::int64_t>());
  command.set_duration_ms(call.body.at("duration").get<std::int64_t>());
  return plan;
}

}  // namespace keyfold::api
