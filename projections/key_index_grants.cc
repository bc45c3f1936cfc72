#include "projections/key_index_grants.h"

#include <algorithm>
#include <utility>

#include "projections/permission.h"
#include "projections/role.h"

namespace keyfold::projections {
namespace {

constexpr std::uint64_t kNodeBytes = 64;  // of a map's entry besides its texts

template <class Ids>
void sort_ids(const Ids& ids, std::vector<std::string_view>& sorted) {
  sorted.assign(ids.begin(), ids.end());
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
}

/// Joins ids without ambiguity, whatever they contain.
void append_ids(std::span<const std::string_view> ids, std::string& name) {
  for (const std::string_view id : ids) name.append(std::to_string(id.size())).append(":").append(id);
  name.append(";");
}

/// Replaces the views by sorted, distinct ones into `text`, whose capacity suffices.
void move_into(std::string& text, std::vector<std::string_view>& views) {
  std::sort(views.begin(), views.end());
  views.erase(std::unique(views.begin(), views.end()), views.end());
  views.shrink_to_fit();
  for (std::string_view& view : views) {
    const std::size_t at = text.size();
    text.append(view);
    view = std::string_view(text).substr(at);
  }
}

}  // namespace

bool Grants::Recipe::uses(const Permissions::value_type* permission) const {
  const auto has = [&](const auto& parts) { return std::find(parts.begin(), parts.end(), permission) != parts.end(); };
  return has(permissions) ||
         std::any_of(roles.begin(), roles.end(), [&](const auto* role) { return has(role->second.permissions); });
}

bool Grants::Recipe::uses(const Roles::value_type* role) const {
  return std::find(roles.begin(), roles.end(), role) != roles.end();
}

Grants::Grants(Reclaimer& reclaimer) : grants_(reclaimer), recipes_(1) { grants_.add(std::make_unique<const Grant>()); }

std::uint32_t Grants::hold(const rows::KeyRow& row, const RowReader& rows) {
  if (row.permission_ids().empty() && row.role_ids().empty()) return 0;
  sort_ids(row.permission_ids(), permission_ids_);
  sort_ids(row.role_ids(), role_ids_);
  name_.clear();
  append_ids(permission_ids_, name_);
  append_ids(role_ids_, name_);
  if (const auto found = by_name_.find(name_); found != by_name_.end()) {
    grants_.hold(found->second);
    return found->second;
  }
  Recipe recipe;
  recipe.name = name_;
  for (const std::string_view id : permission_ids_) recipe.permissions.push_back(hold_permission(id, rows));
  for (const std::string_view id : role_ids_) recipe.roles.push_back(hold_role(id, rows));
  const std::uint32_t grant = grants_.add(cook(recipe));
  part_bytes_ += sizeof(Recipe) + kNodeBytes + 2 * name_.size() +
                 (recipe.permissions.size() + recipe.roles.size()) * sizeof(void*);
  by_name_.emplace(name_, grant);
  if (recipes_.size() <= grant) recipes_.resize(grant + 1);
  recipes_[grant] = std::move(recipe);
  return grant;
}

void Grants::release(std::uint32_t id) {
  if (id == 0) return;
  if (grants_.holders(id) == 1) {
    const Recipe recipe = std::exchange(recipes_[id], {});
    for (auto* permission : recipe.permissions) release_permission(permission);
    for (auto* role : recipe.roles) release_role(role);
    by_name_.erase(recipe.name);
    part_bytes_ -= sizeof(Recipe) + kNodeBytes + 2 * recipe.name.size() +
                   (recipe.permissions.size() + recipe.roles.size()) * sizeof(void*);
  }
  grants_.release(id);
}

void Grants::change_role(std::string_view role_id, const std::optional<std::string>& value, const RowReader& rows) {
  const auto role = roles_.find(std::string(role_id));
  if (role == roles_.end()) return;
  std::optional<rows::RoleRow> row;
  if (value && !row.emplace().ParseFromString(*value)) row.reset();
  fill_role(role->second, row, rows);
  replace_users_of(&*role);
}

void Grants::change_permission(std::string_view permission_id, const std::optional<std::string>& value) {
  const auto permission = permissions_.find(std::string(permission_id));
  if (permission == permissions_.end()) return;
  rows::PermissionRow row;
  const bool exists = value && row.ParseFromString(*value);
  permission->second.slug = exists ? row.slug() : "";
  replace_users_of(&*permission);
}

Grants::Permissions::value_type* Grants::hold_permission(std::string_view permission_id, const RowReader& rows) {
  const auto [permission, is_new] = permissions_.try_emplace(std::string(permission_id));
  ++permission->second.users;
  if (is_new) {
    if (auto row = find_permission(rows, permission_id)) permission->second.slug = std::move(*row->mutable_slug());
    part_bytes_ += sizeof(*permission) + kNodeBytes;
  }
  return &*permission;
}

void Grants::release_permission(Permissions::value_type* permission) {
  if (--permission->second.users > 0) return;
  part_bytes_ -= sizeof(*permission) + kNodeBytes;
  permissions_.erase(permissions_.find(permission->first));
}

Grants::Roles::value_type* Grants::hold_role(std::string_view role_id, const RowReader& rows) {
  const auto [role, is_new] = roles_.try_emplace(std::string(role_id));
  ++role->second.users;
  if (is_new) {
    fill_role(role->second, find_role(rows, role_id), rows);
    part_bytes_ += sizeof(*role) + kNodeBytes;
  }
  return &*role;
}

void Grants::release_role(Roles::value_type* role) {
  if (--role->second.users > 0) return;
  for (auto* permission : role->second.permissions) release_permission(permission);
  part_bytes_ -= sizeof(*role) + kNodeBytes + role->second.permissions.size() * sizeof(void*);
  roles_.erase(roles_.find(role->first));
}

void Grants::fill_role(RolePart& role, const std::optional<rows::RoleRow>& row, const RowReader& rows) {
  const std::vector<Permissions::value_type*> before = std::exchange(role.permissions, {});
  role.name = row ? row->name() : "";
  if (row) {
    for (const std::string& id : row->permission_ids()) role.permissions.push_back(hold_permission(id, rows));
  }
  for (auto* permission : before) release_permission(permission);
  part_bytes_ += role.permissions.size() * sizeof(void*);
  part_bytes_ -= before.size() * sizeof(void*);
}

// Walks all grants: there are few next to keys, and a role or permission in use hardly ever changes.
template <class Part>
void Grants::replace_users_of(const Part* part) {
  for (std::uint32_t id = 1; id < recipes_.size(); ++id) {
    if (recipes_[id].uses(part)) grants_.replace(id, cook(recipes_[id]));
  }
}

std::unique_ptr<const Grant> Grants::cook(const Recipe& recipe) {
  auto grant = std::make_unique<Grant>();
  const auto add_permission = [&](const Permissions::value_type* permission) {
    if (!permission->second.slug.empty()) grant->permissions.push_back(permission->second.slug);
  };
  for (const auto* permission : recipe.permissions) add_permission(permission);
  for (const auto* role : recipe.roles) {
    if (role->second.name.empty()) continue;
    grant->roles.push_back(role->second.name);
    for (const auto* permission : role->second.permissions) add_permission(permission);
  }
  std::size_t size = 0;
  for (const auto* views : {&grant->permissions, &grant->roles}) {
    for (const std::string_view view : *views) size += view.size();
  }
  // Never grown from here on, so that the views stay good.
  grant->text.reserve(size);
  move_into(grant->text, grant->permissions);
  move_into(grant->text, grant->roles);
  return grant;
}

}  // namespace keyfold::projections
