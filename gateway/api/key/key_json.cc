#include "gateway/api/key/key_json.h"

#include <algorithm>
#include <set>

#include "actors/aggregates/answer_json.h"
#include "gateway/api/api/endpoints.h"
#include "projections/identity.h"
#include "projections/key.h"
#include "projections/permission.h"
#include "projections/role.h"

namespace keyfold::api {
namespace {

Json names_json(const std::set<std::string>& names) { return Json(names); }

void add_permissions(const google::protobuf::RepeatedPtrField<std::string>& ids, const projections::RowReader& reader,
                     std::set<std::string>& slugs) {
  for (const std::string& id : ids) {
    if (auto permission = projections::find_permission(reader, id)) slugs.insert(permission->slug());
  }
}

// Without the limits that the key overrules by one of the same name.
void set_identity(Json& out, const rows::KeyRow& key, const projections::RowReader& reader) {
  if (key.identity_id().empty()) return;
  auto identity = projections::find_identity(reader, key.identity_id());
  if (!identity) return;
  std::set<std::string_view> overruled;
  for (const v1::Ratelimit& limit : key.ratelimits()) overruled.insert(limit.name());
  auto& limits = *identity->mutable_ratelimits();
  limits.erase(std::remove_if(limits.begin(), limits.end(),
                              [&](const v1::Ratelimit& limit) { return overruled.contains(limit.name()); }),
               limits.end());
  out["identity"] = actors::identity_json(*identity);
}

void set_grants(Json& out, const rows::KeyRow& key, const projections::RowReader& reader) {
  std::set<std::string> slugs;
  std::set<std::string> names;
  add_permissions(key.permission_ids(), reader, slugs);
  for (const std::string& id : key.role_ids()) {
    const auto role = projections::find_role(reader, id);
    if (!role) continue;
    names.insert(role->name());
    add_permissions(role->permission_ids(), reader, slugs);
  }
  if (!slugs.empty()) out["permissions"] = names_json(slugs);
  if (!names.empty()) out["roles"] = names_json(names);
}

}  // namespace

Json key_json(const rows::KeyRow& key, const projections::RowReader& reader, const projections::UsageStore& usage) {
  Json out{{"keyId", key.key_id()}, {"start", key.start()}, {"enabled", key.enabled()}};
  if (!key.name().empty()) out["name"] = key.name();
  actors::set_meta(out, key.meta_json());
  out["createdAt"] = key.created_at_ms();
  if (key.updated_at_ms() != 0) out["updatedAt"] = key.updated_at_ms();
  // Telemetry that can't be read is no reason to hide the key.
  const std::int64_t last_used_at_ms = usage.last_used_at_ms(key.workspace_id(), key.key_id()).value_or(0);
  if (last_used_at_ms != 0) out["lastUsedAt"] = last_used_at_ms;
  if (key.has_expires_at_ms() && key.expires_at_ms() != 0) out["expires"] = key.expires_at_ms();
  set_grants(out, key, reader);
  if (key.has_credits_remaining()) out["credits"] = actors::credits_json(key);
  set_identity(out, key, reader);
  actors::set_ratelimits(out, key.ratelimits());
  return out;
}

std::optional<rows::KeyRow> find_live_key(const Call& call, const Services& services, std::string_view key_id) {
  auto key = projections::find_key(rows_of(call, services), key_id);
  if (!key || key->workspace_id() != call.workspace_id() || key->deleted_at_ms() != 0) return std::nullopt;
  if (!find_live_api(call, services, key->api_id())) return std::nullopt;
  return key;
}

bool may_on_key(const Call& call, const rows::KeyRow& key, std::string_view action) {
  return may_on_api(call, key.api_id(), action, "keyspaces/" + key.keyspace_id() + "/keys/" + key.key_id());
}

ApiError keys_not_recoverable() {
  return precondition_failed("The API's keyspace does not keep keys in a recoverable form.");
}

}  // namespace keyfold::api
