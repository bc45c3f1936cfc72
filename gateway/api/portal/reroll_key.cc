#include <algorithm>

#include "gateway/api/api/endpoints.h"
#include "gateway/api/key/key_json.h"
#include "gateway/api/key/reroll.h"
#include "gateway/api/portal/endpoints.h"
#include "projections/identity.h"

namespace keyfold::api {
namespace {

// Whether the key is one of those that the session lists.
bool is_own(const Call& call, const Services& services, const rows::KeyRow& key) {
  const rows::PortalSessionRow& session = *call.portal_session;
  const auto& keyspaces = session.keyspace_ids();
  if (std::ranges::find(keyspaces, key.keyspace_id()) == keyspaces.end()) return false;
  const auto identity_id = projections::find_identity_id_by_external_id(rows_of(call, services), session.workspace_id(),
                                                                        session.external_id());
  return identity_id && *identity_id == key.identity_id();
}

}  // namespace

Answered<Step> reroll_portal_key(const Call& call, const Services& services) {
  if (!call.has_scope("keys:reroll")) return refuse(missing_scope("keys:reroll"));
  const auto key = find_live_key(call, services, call.text("keyId"));
  if (!key || !is_own(call, services, *key)) return refuse(key_not_found());
  const auto api = find_live_api(call, services, key->api_id());
  if (!api) return refuse(key_not_found());
  return plan_reroll(call, services, *key, *api);
}

}  // namespace keyfold::api
