#include "gateway/api/api/endpoints.h"
#include "gateway/api/key/endpoints.h"
#include "gateway/api/key/key_json.h"
#include "gateway/api/key/reroll.h"

namespace keyfold::api {

Answered<Step> reroll_key(const Call& call, const Services& services) {
  const auto key = find_live_key(call, services, call.text("keyId"));
  if (!key) return refuse(key_not_found());
  const auto api = find_live_api(call, services, key->api_id());
  if (!api) return refuse(key_not_found());
  const std::string keyspace = "keyspaces/" + key->keyspace_id();
  if (!may_on_api(call, key->api_id(), "create_key", keyspace)) return refuse(missing_permission("api.*.create_key"));
  const bool is_recoverable = !key->sealed_secret().empty();
  if (is_recoverable && !may_on_api(call, key->api_id(), "encrypt_key", keyspace + "/keys/*")) {
    return refuse(missing_permission("api.*.encrypt_key"));
  }
  return plan_reroll(call, services, *key, *api);
}

}  // namespace keyfold::api
