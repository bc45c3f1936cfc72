#include "gateway/api/api/endpoints.h"
#include "gateway/api/key/endpoints.h"
#include "gateway/api/key/key_json.h"
#include "gateway/api/key/sealed_secret.h"

namespace keyfold::api {

Answered<Step> get_key(const Call& call, const Services& services) {
  const auto key = find_live_key(call, services, call.text("keyId"));
  if (!key) return refuse(key_not_found());
  if (!may_on_key(call, *key, "read_key")) return refuse(missing_permission("api.*.read_key"));
  Json shown = key_json(*key, rows_of(call, services), services.usage_store);
  if (call.body.value("decrypt", false)) {
    if (!may_on_key(call, *key, "decrypt_key")) return refuse(missing_permission("api.*.decrypt_key"));
    const auto api = find_live_api(call, services, key->api_id());
    if (!api || !api->store_encrypted_keys()) return refuse(keys_not_recoverable());
    set_plaintext(shown, services, *key);
  }
  return Data{shown.dump(), {}};
}

}  // namespace keyfold::api
