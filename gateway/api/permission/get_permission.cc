#include "actors/aggregates/answer_json.h"
#include "gateway/api/api/endpoints.h"
#include "gateway/api/permission/endpoints.h"
#include "projections/permission.h"

namespace keyfold::api {

Answered<Step> get_permission(const Call& call, const Services& services) {
  if (!call.may({{"rbac.*.read_permission", {}}})) return refuse(missing_permission("rbac.*.read_permission"));
  const auto permission =
      projections::find_permission_by_id_or_slug(rows_of(call, services), call.workspace_id(), call.text("permission"));
  if (!permission) return refuse(permission_not_found());
  return Data{actors::permission_json(*permission).dump(), {}};
}

}  // namespace keyfold::api
