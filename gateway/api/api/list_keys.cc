#include "gateway/api/api/endpoints.h"
#include "gateway/api/key/key_json.h"
#include "gateway/api/key/sealed_secret.h"
#include "gateway/api/page.h"
#include "projections/identity.h"
#include "projections/key.h"

namespace keyfold::api {
namespace {

// The ids of keys under `prefix`, from the cursor on, whose rows belong on the page.
Data list(const Call& call, const Services& services, const std::string& prefix, std::string_view keyspace_id) {
  const auto& reader = rows_of(call, services);
  const PageRequest request = page_request(call);
  Page page(request);
  const bool decrypts = call.body.value("decrypt", false);
  const std::string from = request.cursor.empty() ? std::string() : prefix + request.cursor;
  services.projections.scan(call.principal->partition, projections::Table::kKeys, prefix, from,
                            [&](std::string_view row_key, std::string_view) {
                              const auto key = projections::find_key(reader, row_key.substr(prefix.size()));
                              if (!key || key->deleted_at_ms() != 0 || key->keyspace_id() != keyspace_id) return true;
                              Json shown = key_json(*key, reader, services.usage_store);
                              if (decrypts && !page.is_full()) set_plaintext(shown, services, *key);
                              return page.add(key->key_id(), shown);
                            });
  return std::move(page).finish();
}

}  // namespace

Answered<Step> list_keys(const Call& call, const Services& services) {
  const std::string& api_id = call.text("apiId");
  const auto api = find_live_api(call, services, api_id);
  if (!api) return refuse(api_not_found());
  const std::string keyspace = "keyspaces/" + api->keyspace_id();
  const std::string urn = "unkey:v1:" + std::string(call.workspace_id()) + ":" + keyspace;
  const bool by_urn = call.may({{{}, urn + "/keys/*#read_key"}}) && call.may({{{}, urn + "#read_keyspace"}});
  const bool by_tuple = may_on_api(call, api_id, "read_key") && may_on_api(call, api_id, "read_api");
  if (!by_urn && !by_tuple) return refuse(api_not_found());
  if (call.body.value("decrypt", false)) {
    if (!may_on_api(call, api_id, "decrypt_key", keyspace + "/keys/*")) {
      return refuse(missing_permission("api.*.decrypt_key"));
    }
    if (!api->store_encrypted_keys()) return refuse(keys_not_recoverable());
  }
  if (const auto* external_id = call.find("externalId")) {
    const auto identity_id = projections::find_identity_id_by_external_id(rows_of(call, services), call.workspace_id(),
                                                                          external_id->get_ref<const std::string&>());
    if (!identity_id) return Page(page_request(call)).finish();
    return list(call, services, "i/" + *identity_id + "/", api->keyspace_id());
  }
  return list(call, services, "a/" + api->keyspace_id() + "/", api->keyspace_id());
}

}  // namespace keyfold::api
