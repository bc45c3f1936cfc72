#include "gateway/api/key/endpoints.h"
#include "gateway/api/key/key_json.h"

namespace keyfold::api {

Answered<Step> delete_key(const Call& call, const Services& services) {
  const auto key = find_live_key(call, services, call.text("keyId"));
  if (!key) return refuse(key_not_found());
  if (!may_on_key(call, *key, "delete_key")) return refuse(missing_permission("api.*.delete_key"));
  Plan plan;
  plan.command.mutable_delete_key()->set_key_id(key->key_id());
  plan.command.mutable_delete_key()->set_permanent(call.body.value("permanent", false));
  return plan;
}

}  // namespace keyfold::api
