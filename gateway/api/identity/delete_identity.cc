#include "gateway/api/identity/endpoints.h"

namespace keyfold::api {

Answered<Step> delete_identity(const Call& call, const Services& services) {
  if (!may_on_identities(call, "delete_identity")) return refuse(missing_permission("identity.*.delete_identity"));
  const auto identity = find_named_identity(call, services);
  if (!identity) return refuse(identity_not_found());
  Plan plan;
  plan.command.mutable_delete_identity()->set_identity_id(identity->identity_id());
  plan.data_json.clear();
  return plan;
}

}  // namespace keyfold::api
