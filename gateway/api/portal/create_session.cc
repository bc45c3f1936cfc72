#include "gateway/api/api/endpoints.h"
#include "gateway/api/portal/endpoints.h"
#include "projections/portal.h"
#include "schemas/base/hash.h"
#include "schemas/base/random.h"

namespace keyfold::api {
namespace {

constexpr std::int64_t kCodeLifetimeMs = std::int64_t{15} * 60'000;
constexpr std::size_t kCodeLength = 24;

std::optional<rows::PortalRow> find_own_portal(const Call& call, const Services& services) {
  const auto& reader = rows_of(call, services);
  const std::string& named = call.text("portal");
  auto portal = projections::find_portal(reader, named);
  if (!portal) {
    const auto id = projections::find_portal_id_by_slug(reader, call.workspace_id(), named);
    if (id) portal = projections::find_portal(reader, *id);
  }
  if (portal && portal->workspace_id() != call.workspace_id()) portal.reset();
  return portal;
}

// A session may do nothing that its minter may not: what a scope stands for, on one API. Tuples alone count.
std::optional<ApiError> refuse_scope(const Call& call, const rows::ApiRow& api, const std::string& scope) {
  const auto lacks = [&](std::string_view action) { return !may_on_api(call, api.api_id(), action); };
  const auto needs = [](std::string_view action) { return missing_permission("api.*." + std::string(action)); };
  if (scope == "analytics:read") return lacks("read_analytics") ? std::optional(needs("read_analytics")) : std::nullopt;
  if (scope == "keys:read") {
    if (lacks("read_key")) return needs("read_key");
    return lacks("read_api") ? std::optional(needs("read_api")) : std::nullopt;
  }
  if (lacks("create_key")) return needs("create_key");  // keys:create and keys:reroll
  return api.store_encrypted_keys() && lacks("encrypt_key") ? std::optional(needs("encrypt_key")) : std::nullopt;
}

}  // namespace

Answered<Step> create_portal_session(const Call& call, const Services& services) {
  const auto portal = find_own_portal(call, services);
  if (!portal) return refuse(portal_not_found());
  const std::string action = ".create_portal_session";
  if (!call.may({{"portal.*" + action, {}}, {"portal." + portal->portal_id() + action, {}}})) {
    return refuse(portal_not_found());
  }
  if (!portal->enabled()) return refuse(forbidden("The portal is disabled."));
  Plan plan;
  auto& command = *plan.command.mutable_create_portal_session();
  for (const auto& scope : call.body.at("scopes")) command.add_scopes(scope.get<std::string>());
  for (const std::string& api_id : portal->api_ids()) {
    const auto api = find_live_api(call, services, api_id);
    if (!api || !api->has_keyspace()) return refuse(forbidden("An API of the portal does not exist any more."));
    for (const std::string& scope : command.scopes()) {
      if (auto refused = refuse_scope(call, *api, scope)) return refuse(*std::move(refused));
    }
    command.add_keyspace_ids(api->keyspace_id());
  }
  const std::string code = make_id("pst", kCodeLength);
  const Digest hash = sha256(code);
  command.set_session_id(make_id("ps"));
  command.set_portal_id(portal->portal_id());
  command.set_external_id(call.text("externalId"));
  command.set_code_hash(hash.data(), hash.size());
  command.set_code_expires_at_ms(call.time_ms + kCodeLifetimeMs);
  command.set_preview(call.body.value("preview", false));
  plan.data_json = Json{{"id", command.session_id()}, {"url", portal->base_url() + "/?code=" + code}}.dump();
  plan.holds_secret = true;
  return plan;
}

}  // namespace keyfold::api
