#include "actors/aggregates/role.h"

#include <map>
#include <set>

#include "actors/aggregates/answer_json.h"
#include "actors/aggregates/id_set_change.h"
#include "projections/permission.h"
#include "projections/role.h"
#include "schemas/base/encoding.h"

namespace keyfold::actors {
namespace {

tl::unexpected<Rejection> role_not_found(const std::string& role) {
  return reject(RejectionCode::kRoleNotFound, "The role '" + role + "' does not exist.");
}

template <class Command>
IfMissing if_missing(const Command& command) {
  return command.may_create() ? IfMissing::kCreate : IfMissing::kForbidden;
}

}  // namespace

tl::expected<std::vector<std::string>, Rejection> resolve_roles(const Names& names, const Context& context,
                                                                const projections::RowReader& reader) {
  std::map<std::string, std::string> id_by_name;
  for (const std::string& name : names) {
    auto id = projections::find_role_id_by_name(reader, context.workspace_id, name);
    if (!id) return role_not_found(name);
    id_by_name.try_emplace(to_lower(name), *std::move(id));
  }
  std::vector<std::string> ids;
  ids.reserve(id_by_name.size());
  for (auto& [name, id] : id_by_name) ids.push_back(std::move(id));
  return ids;
}

tl::expected<std::vector<std::string>, Rejection> resolve_or_create_roles(const References& references,
                                                                          const Context& context,
                                                                          const projections::RowReader& reader,
                                                                          Decision& decision) {
  std::map<std::string, const v1::Reference*> by_name;
  for (const v1::Reference& reference : references) by_name.try_emplace(to_lower(reference.name()), &reference);
  std::vector<std::string> ids;
  std::set<std::string_view> created_ids;
  for (const auto& [name, reference] : by_name) {
    if (auto known = projections::find_role_id_by_name(reader, context.workspace_id, name)) {
      ids.push_back(*std::move(known));
      continue;
    }
    const std::string& id = reference->candidate_id();
    if (projections::is_used_role_id(reader, id) || !created_ids.insert(id).second) {
      return reject(RejectionCode::kIdTaken, "A role id is taken.");
    }
    auto& created = *decision.plan("role", id).mutable_role_created();
    created.set_role_id(id);
    created.set_name(reference->name());
    ids.push_back(id);
  }
  return ids;
}

Decided decide(const v1::CreateRole& command, const Context& context, const projections::RowReader& reader) {
  if (projections::find_role_id_by_name(reader, context.workspace_id, command.name())) {
    return reject(RejectionCode::kRoleExists, "A role with the name '" + command.name() + "' exists already.");
  }
  if (projections::is_used_role_id(reader, command.role_id())) {
    return reject(RejectionCode::kIdTaken, "The role id is taken.");
  }
  Decision decision;
  const auto permission_ids =
      resolve_permissions(command.permissions(), context, reader, decision, if_missing(command));
  if (!permission_ids) return tl::unexpected(permission_ids.error());
  auto& created = *decision.plan("role", command.role_id()).mutable_role_created();
  created.set_role_id(command.role_id());
  created.set_name(command.name());
  created.set_description(command.description());
  created.mutable_permission_ids()->Assign(permission_ids->begin(), permission_ids->end());
  return decision;
}

Decided decide(const v1::DeleteRole& command, const Context& context, const projections::RowReader& reader) {
  const auto role = projections::find_role_by_id_or_name(reader, context.workspace_id, command.role());
  if (!role) return role_not_found(command.role());
  Decision decision;
  decision.plan("role", role->role_id()).mutable_role_deleted()->set_role_id(role->role_id());
  return decision;
}

Decided decide(const v1::SetRolePermissions& command, const Context& context, const projections::RowReader& reader) {
  const auto role = projections::find_role(reader, command.role_id());
  if (!role || role->workspace_id() != context.workspace_id) return role_not_found(command.role_id());
  Decision decision;
  const auto named = resolve_permissions(command.permissions(), context, reader, decision, if_missing(command));
  if (!named) return tl::unexpected(named.error());
  const IdSetChange change = change_id_set(v1::REPLACE, role->permission_ids(), *named, [&](const std::string& id) {
    return projections::find_permission(reader, id).has_value();
  });
  if (!change.is_none()) {
    auto& changed = *decision.plan("role", role->role_id()).mutable_role_permissions_changed();
    changed.set_role_id(role->role_id());
    set_ids(change, changed);
  }
  Foresight after(context, reader);
  after.add(decision);
  decision.data_json = permissions_json({named->begin(), named->end()}, after.rows()).dump();
  return decision;
}

}  // namespace keyfold::actors
