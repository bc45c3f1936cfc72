#include "gateway/api/api/endpoints.h"
#include "schemas/base/random.h"

namespace keyfold::api {

Answered<Step> create_api(const Call& call, const Services&) {
  if (!call.may({{"api.*.create_api", {}}})) return refuse(missing_permission("api.*.create_api"));
  Plan plan;
  auto& command = *plan.command.mutable_create_api();
  command.set_api_id(make_id("api"));
  command.set_keyspace_id(make_id("ks"));
  command.set_name(call.text("name"));
  plan.data_json = Json{{"apiId", command.api_id()}}.dump();
  return plan;
}

}  // namespace keyfold::api
