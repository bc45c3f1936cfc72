#include "actors/aggregates/answer_json.h"
#include "gateway/api/api/endpoints.h"
#include "gateway/api/role/endpoints.h"
#include "projections/role.h"

namespace keyfold::api {

Answered<Step> get_role(const Call& call, const Services& services) {
  if (!call.may({{"rbac.*.read_role", {}}})) return refuse(missing_permission("rbac.*.read_role"));
  const auto& reader = rows_of(call, services);
  const auto role = projections::find_role_by_id_or_name(reader, call.workspace_id(), call.text("role"));
  if (!role) return refuse(role_not_found());
  return Data{actors::role_json(*role, reader).dump(), {}};
}

}  // namespace keyfold::api
