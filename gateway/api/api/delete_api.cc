#include "gateway/api/api/endpoints.h"

namespace keyfold::api {

Answered<Step> delete_api(const Call& call, const Services&) {
  const std::string& api_id = call.text("apiId");
  if (!may_on_api(call, api_id, "delete_api")) return refuse(missing_permission("api.*.delete_api"));
  Plan plan;
  plan.command.mutable_delete_api()->set_api_id(api_id);
  return plan;
}

}  // namespace keyfold::api
