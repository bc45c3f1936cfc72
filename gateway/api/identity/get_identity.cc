#include "actors/aggregates/answer_json.h"
#include "gateway/api/identity/endpoints.h"

namespace keyfold::api {

Answered<Step> get_identity(const Call& call, const Services& services) {
  const auto identity = find_named_identity(call, services);
  if (!identity) return refuse(identity_not_found());
  if (!may_on_identity(call, identity->identity_id(), "read_identity")) {
    return refuse(missing_permission("identity.*.read_identity"));
  }
  return Data{actors::identity_json(*identity).dump(), {}};
}

}  // namespace keyfold::api
