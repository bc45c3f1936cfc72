#include <algorithm>

#include "gateway/api/api/endpoints.h"
#include "gateway/api/key/key_json.h"
#include "gateway/api/page.h"
#include "gateway/api/portal/endpoints.h"
#include "projections/identity.h"
#include "projections/key.h"

namespace keyfold::api {

Answered<Step> list_portal_keys(const Call& call, const Services& services) {
  const rows::PortalSessionRow& session = *call.portal_session;
  if (!call.has_scope("keys:read")) return refuse(missing_scope("keys:read"));
  const auto& reader = rows_of(call, services);
  const PageRequest request = page_request(call);
  Page page(request);
  const auto identity_id =
      projections::find_identity_id_by_external_id(reader, session.workspace_id(), session.external_id());
  if (!identity_id) return std::move(page).finish();
  const std::string prefix = "i/" + *identity_id + "/";
  const std::string from = request.cursor.empty() ? std::string() : prefix + request.cursor;
  const auto& keyspaces = session.keyspace_ids();
  services.projections.scan(call.principal->partition, projections::Table::kKeys, prefix, from,
                            [&](std::string_view row_key, std::string_view) {
                              const auto key = find_live_key(call, services, row_key.substr(prefix.size()));
                              if (!key || std::ranges::find(keyspaces, key->keyspace_id()) == keyspaces.end())
                                return true;
                              return page.add(key->key_id(), key_json(*key, reader, services.usage_store));
                            });
  return std::move(page).finish();
}

}  // namespace keyfold::api
