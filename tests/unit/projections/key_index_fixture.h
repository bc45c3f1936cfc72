#pragma once

#include <algorithm>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "projections/key_index.h"
#include "projections/rows.pb.h"

namespace keyfold::projections::testing {

/// Rows in memory that remember what was changed, as a partition's writer hands it to the indexes.
class MapRows final : public RowReader {
 public:
  [[nodiscard]] std::optional<std::string> get(Table table, std::string_view key) const override {
    const auto found = rows_.find({table, std::string(key)});
    return found == rows_.end() ? std::nullopt : std::optional(found->second);
  }
  template <class Row>
  [[nodiscard]] std::optional<Row> find(Table table, const std::string& key) const {
    const auto bytes = get(table, key);
    std::optional<Row> row;
    if (bytes && !row.emplace().ParseFromString(*bytes)) row.reset();
    return row;
  }

  void put(Table table, const std::string& key, const std::string& value) {
    rows_[{table, key}] = value;
    changes_.push_back({table, key, value});
  }
  void erase(Table table, const std::string& key) {
    rows_.erase({table, key});
    changes_.push_back({table, key, std::nullopt});
  }

  void put_key(const rows::KeyRow& row) {
    put(Table::kKeys, "k/" + row.key_id(), row.SerializeAsString());
    put(Table::kKeys, "h/" + row.hash(), row.key_id());
  }
  void erase_key(const rows::KeyRow& row) {
    erase(Table::kKeys, "k/" + row.key_id());
    erase(Table::kKeys, "h/" + row.hash());
  }
  void put_api(const std::string& id, std::int64_t deleted_at_ms = 0,
               const std::vector<std::string>& ip_allowlist = {}) {
    rows::ApiRow row;
    row.set_api_id(id);
    row.set_deleted_at_ms(deleted_at_ms);
    *row.mutable_ip_allowlist() = {ip_allowlist.begin(), ip_allowlist.end()};
    put(Table::kApis, "a/" + id, row.SerializeAsString());
  }
  void put_permission(const std::string& id, const std::string& slug) {
    rows::PermissionRow row;
    row.set_permission_id(id);
    row.set_slug(slug);
    put(Table::kPermissions, "p/" + id, row.SerializeAsString());
  }
  void put_role(const std::string& id, const std::string& name, const std::vector<std::string>& permission_ids) {
    rows::RoleRow row;
    row.set_role_id(id);
    row.set_name(name);
    *row.mutable_permission_ids() = {permission_ids.begin(), permission_ids.end()};
    put(Table::kRoles, "r/" + id, row.SerializeAsString());
  }
  void put_identity(const std::string& id, const std::string& external_id, const std::string& meta_json,
                    const std::vector<v1::Ratelimit>& ratelimits = {}) {
    rows::IdentityRow row;
    row.set_identity_id(id);
    row.set_external_id(external_id);
    row.set_meta_json(meta_json);
    *row.mutable_ratelimits() = {ratelimits.begin(), ratelimits.end()};
    put(Table::kIdentities, "i/" + id, row.SerializeAsString());
  }

  /// What was changed since the last call.
  [[nodiscard]] Changes take() { return std::exchange(changes_, {}); }
  void apply_to(KeyIndex& index) { index.apply(take(), *this); }

 private:
  std::map<std::pair<Table, std::string>, std::string> rows_;
  Changes changes_;
};

inline v1::Ratelimit make_limit(const std::string& id, const std::string& name, std::int64_t limit,
                                std::int64_t duration_ms = 1'000, bool auto_apply = true) {
  v1::Ratelimit made;
  made.set_ratelimit_id(id);
  made.set_name(name);
  made.set_limit(limit);
  made.set_duration_ms(duration_ms);
  made.set_auto_apply(auto_apply);
  return made;
}

/// One rate limit as a text.
inline std::string text_of(std::string_view id, std::string_view name, std::int64_t limit, std::int64_t duration_ms,
                           bool auto_apply) {
  std::string text(id);
  text.append(" ")
      .append(name)
      .append(" ")
      .append(std::to_string(limit))
      .append("/")
      .append(std::to_string(duration_ms));
  return auto_apply ? text + " auto" : text;
}
inline std::vector<std::string> texts_of(const RatelimitsView& limits) {
  std::vector<std::string> texts;
  for (const RatelimitView& one : limits) {
    texts.push_back(text_of(one.id, one.name, one.limit, one.duration_ms, one.auto_apply));
  }
  return texts;
}
inline std::vector<std::string> texts_of(const google::protobuf::RepeatedPtrField<v1::Ratelimit>& limits) {
  std::vector<std::string> texts;
  for (const v1::Ratelimit& one : limits) {
    texts.push_back(text_of(one.ratelimit_id(), one.name(), one.limit(), one.duration_ms(), one.auto_apply()));
  }
  return texts;
}

/// A KeyView that may outlive the visit.
struct SeenKey {
  std::string key_id, api_id, keyspace_id, workspace_id, name, meta_json;
  bool enabled = false;
  std::optional<std::int64_t> expires_at_ms, credits_remaining;
  std::vector<std::string> permissions, roles;
  std::string identity_id, external_id, identity_meta_json;
  std::vector<std::string> ratelimits, identity_ratelimits, ip_allowlist;
  bool operator==(const SeenKey&) const = default;
};

inline SeenKey copy_of(const KeyView& view) {
  return {std::string(view.key_id),
          std::string(view.api_id),
          std::string(view.keyspace_id),
          std::string(view.workspace_id),
          std::string(view.name),
          std::string(view.meta_json),
          view.enabled,
          view.expires_at_ms,
          view.credits_remaining,
          {view.permissions.begin(), view.permissions.end()},
          {view.roles.begin(), view.roles.end()},
          std::string(view.identity_id),
          std::string(view.external_id),
          std::string(view.identity_meta_json),
          texts_of(view.ratelimits),
          texts_of(view.identity_ratelimits),
          {view.ip_allowlist.begin(), view.ip_allowlist.end()}};
}

inline std::optional<SeenKey> see(const KeyIndex& index, const Digest& hash) {
  std::optional<SeenKey> seen;
  const bool found = index.visit(hash, [&](const KeyView& view) { seen = copy_of(view); });
  return found ? seen : std::nullopt;
}

/// What the rows say about a key, found without any index.
inline std::optional<SeenKey> expected(const MapRows& rows, const std::string& key_id) {
  const auto key = rows.find<rows::KeyRow>(Table::kKeys, "k/" + key_id);
  if (!key || key->deleted_at_ms() != 0) return {};
  const auto api = rows.find<rows::ApiRow>(Table::kApis, "a/" + key->api_id());
  if (!api || api->deleted_at_ms() != 0) return {};
  std::set<std::string> slugs;
  std::set<std::string> names;
  const auto add_permission = [&](const std::string& id) {
    if (const auto row = rows.find<rows::PermissionRow>(Table::kPermissions, "p/" + id)) slugs.insert(row->slug());
  };
  for (const std::string& id : key->permission_ids()) add_permission(id);
  for (const std::string& id : key->role_ids()) {
    const auto role = rows.find<rows::RoleRow>(Table::kRoles, "r/" + id);
    if (!role) continue;
    names.insert(role->name());
    for (const std::string& permission : role->permission_ids()) add_permission(permission);
  }
  SeenKey seen{key->key_id(), key->api_id(), key->keyspace_id(), key->workspace_id(), key->name(), key->meta_json()};
  seen.enabled = key->enabled();
  if (key->has_expires_at_ms()) seen.expires_at_ms = key->expires_at_ms();
  if (key->has_credits_remaining()) seen.credits_remaining = key->credits_remaining();
  seen.permissions.assign(slugs.begin(), slugs.end());
  seen.roles.assign(names.begin(), names.end());
  seen.ratelimits = texts_of(key->ratelimits());
  seen.ip_allowlist.assign(api->ip_allowlist().begin(), api->ip_allowlist().end());
  if (const auto identity = rows.find<rows::IdentityRow>(Table::kIdentities, "i/" + key->identity_id())) {
    seen.identity_id = identity->identity_id();
    seen.external_id = identity->external_id();
    seen.identity_meta_json = identity->meta_json();
    seen.identity_ratelimits = texts_of(identity->ratelimits());
  }
  return seen;
}

inline std::string bytes_of(const Digest& hash) { return std::string(as_view(hash)); }

/// An enabled key of `api_1` whose hash is the SHA-256 of its id.
inline rows::KeyRow make_key(const std::string& key_id) {
  rows::KeyRow row;
  row.set_key_id(key_id);
  row.set_workspace_id("ws_1");
  row.set_api_id("api_1");
  row.set_keyspace_id("ks_1");
  row.set_hash(bytes_of(sha256(key_id)));
  row.set_enabled(true);
  return row;
}

}  // namespace keyfold::projections::testing
