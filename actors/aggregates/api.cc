#include "actors/aggregates/api.h"

#include <algorithm>

#include "projections/api.h"

namespace keyfold::actors {
namespace {

tl::unexpected<Rejection> api_not_found() { return reject(RejectionCode::kApiNotFound, "The API does not exist."); }

void plan_api_changes(const v1::UpdateApi& command, const rows::ApiRow& api, Decision& decision) {
  const bool changes_protection =
      command.has_delete_protection() && command.delete_protection() != api.delete_protection();
  const bool changes_addresses =
      command.has_ip_allowlist() && !std::ranges::equal(command.ip_allowlist().addresses(), api.ip_allowlist());
  if (!changes_protection && !changes_addresses) return;
  auto& updated = *decision.plan("api", command.api_id()).mutable_api_updated();
  updated.set_api_id(command.api_id());
  if (changes_protection) updated.set_delete_protection(command.delete_protection());
  if (changes_addresses) *updated.mutable_ip_allowlist() = command.ip_allowlist();
}

void plan_keyspace_changes(const v1::UpdateApi& command, const rows::ApiRow& api, Decision& decision) {
  v1::KeyspaceUpdated updated;
  if (command.has_default_prefix() && command.default_prefix() != api.default_prefix()) {
    updated.set_default_prefix(command.default_prefix());
  }
  if (command.has_default_byte_length() && command.default_byte_length() != api.default_byte_length()) {
    updated.set_default_byte_length(command.default_byte_length());
  }
  if (command.has_store_encrypted_keys() && command.store_encrypted_keys() != api.store_encrypted_keys()) {
    updated.set_store_encrypted_keys(command.store_encrypted_keys());
  }
  if (updated.ByteSizeLong() == 0) return;
  updated.set_keyspace_id(api.keyspace_id());
  updated.set_api_id(command.api_id());
  *decision.plan("keyspace", api.keyspace_id()).mutable_keyspace_updated() = std::move(updated);
}

}  // namespace

std::optional<rows::ApiRow> find_live_api(const Context& context, const projections::RowReader& reader,
                                          std::string_view api_id) {
  auto api = projections::find_api(reader, api_id);
  if (!api || api->workspace_id() != context.workspace_id || api->deleted_at_ms() != 0) return std::nullopt;
  return api;
}

Decided decide(const v1::CreateApi& command, const Context&, const projections::RowReader& reader) {
  if (projections::find_api(reader, command.api_id())) {
    return reject(RejectionCode::kIdTaken, "The API id is taken.");
  }
  if (projections::find_api_id_by_keyspace(reader, command.keyspace_id())) {
    return reject(RejectionCode::kIdTaken, "The keyspace id is taken.");
  }
  Decision decision;
  auto& api = *decision.plan("api", command.api_id()).mutable_api_created();
  api.set_api_id(command.api_id());
  api.set_name(command.name());
  api.set_keyspace_id(command.keyspace_id());
  auto& keyspace = *decision.plan("keyspace", command.keyspace_id()).mutable_keyspace_created();
  keyspace.set_keyspace_id(command.keyspace_id());
  keyspace.set_api_id(command.api_id());
  return decision;
}

Decided decide(const v1::UpdateApi& command, const Context& context, const projections::RowReader& reader) {
  const auto api = find_live_api(context, reader, command.api_id());
  if (!api) return api_not_found();
  const bool is_of_keyspace =
      command.has_default_prefix() || command.has_default_byte_length() || command.has_store_encrypted_keys();
  if (is_of_keyspace && !api->has_keyspace()) {
    return reject(RejectionCode::kKeyspaceMissing, "The API has no keyspace for keys.");
  }
  Decision decision;
  plan_api_changes(command, *api, decision);
  plan_keyspace_changes(command, *api, decision);
  return decision;
}

Decided decide(const v1::DeleteApi& command, const Context& context, const projections::RowReader& reader) {
  const auto api = find_live_api(context, reader, command.api_id());
  if (!api) return api_not_found();
  if (api->delete_protection()) {
    return reject(RejectionCode::kApiProtected,
                  "The API is protected against deletion: switch `deleteProtection` off first.");
  }
  Decision decision;
  decision.plan("api", command.api_id()).mutable_api_deleted()->set_api_id(command.api_id());
  return decision;
}

}  // namespace keyfold::actors
