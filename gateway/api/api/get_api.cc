#include "gateway/api/api/endpoints.h"

namespace keyfold::api {

Answered<Step> get_api(const Call& call, const Services& services) {
  const std::string& api_id = call.text("apiId");
  if (!may_on_api(call, api_id, "read_api")) return refuse(missing_permission("api.*.read_api"));
  const auto row = find_live_api(call, services, api_id);
  if (!row) return refuse(api_not_found());
  return Data{Json{{"id", row->api_id()}, {"name", row->name()}}.dump(), {}};
}

}  // namespace keyfold::api
