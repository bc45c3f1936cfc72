#include "gateway/api/api/endpoints.h"
#include "gateway/api/key/endpoints.h"
#include "gateway/api/key/key_json.h"
#include "projections/key.h"

namespace keyfold::api {

// A key that the caller may not read looks like one that does not exist.
Answered<Step> whoami(const Call& call, const Services& services) {
  const auto& reader = rows_of(call, services);
  const auto key_id = projections::find_key_id_by_hash(reader, as_view(sha256(call.text("key"))));
  if (!key_id) return refuse(key_not_found());
  const auto key = find_live_key(call, services, *key_id);
  if (!key || !may_on_key(call, *key, "read_key")) return refuse(key_not_found());
  return Data{key_json(*key, reader, services.usage_store).dump(), {}};
}

}  // namespace keyfold::api
