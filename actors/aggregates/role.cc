#include "actors/aggregates/role.h"

#include <map>

#include "actors/aggregates/permission.h"
#include "projections/role.h"
#include "schemas/base/encoding.h"

namespace keyfold::actors {

tl::expected<std::vector<std::string>, Rejection> resolve_roles(const Names& names, const Context& context,
                                                                const projections::RowReader& reader) {
  std::map<std::string, std::string> id_by_name;
  for (const std::string& name : names) {
    auto id = projections::find_role_id_by_name(reader, context.workspace_id, name);
    if (!id) return reject(RejectionCode::kRoleNotFound, "The role '" + name + "' does not exist.");
    id_by_name.try_emplace(to_lower(name), *std::move(id));
  }
  std::vector<std::string> ids;
  for (auto& [name, id] : id_by_name) ids.push_back(std::move(id));
  return ids;
}

Decided decide(const v1::CreateRole& command, const Context& context, const projections::RowReader& reader) {
  if (projections::find_role_id_by_name(reader, context.workspace_id, command.name())) {
    return reject(RejectionCode::kRoleExists, "A role with the name '" + command.name() + "' exists already.");
  }
  if (projections::find_role(reader, command.role_id())) {
    return reject(RejectionCode::kIdTaken, "The role id is taken.");
  }
  Decision decision;
  const auto permission_ids = resolve_permissions(command.permissions(), context, reader, decision);
  if (!permission_ids) return tl::unexpected(permission_ids.error());
  auto& created = *decision.plan("role", command.role_id()).mutable_role_created();
  created.set_role_id(command.role_id());
  created.set_name(command.name());
  created.set_description(command.description());
  created.mutable_permission_ids()->Assign(permission_ids->begin(), permission_ids->end());
  return decision;
}

}  // namespace keyfold::actors
