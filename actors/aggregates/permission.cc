#include "actors/aggregates/permission.h"

#include <map>
#include <set>

#include "projections/permission.h"
#include "schemas/base/encoding.h"

namespace keyfold::actors {
namespace {

tl::unexpected<Rejection> permission_not_found(const std::string& permission) {
  return reject(RejectionCode::kPermissionNotFound, "The permission '" + permission + "' does not exist.");
}

}  // namespace

tl::expected<std::vector<std::string>, Rejection> resolve_permissions(const References& references,
                                                                      const Context& context,
                                                                      const projections::RowReader& reader,
                                                                      Decision& decision, IfMissing if_missing) {
  std::map<std::string, const v1::Reference*> by_slug;
  for (const v1::Reference& reference : references) by_slug.try_emplace(to_lower(reference.name()), &reference);

  std::vector<std::string> ids;
  std::set<std::string_view> created_ids;
  for (const auto& [slug, reference] : by_slug) {
    if (auto known = projections::find_permission_id_by_slug(reader, context.workspace_id, slug)) {
      ids.push_back(*std::move(known));
      continue;
    }
    if (if_missing == IfMissing::kNotFound) return permission_not_found(reference->name());
    if (if_missing == IfMissing::kForbidden) {
      return reject(RejectionCode::kMayNotCreatePermissions,
                    "The permission '" + reference->name() + "' does not exist and may not be created.");
    }
    const std::string& id = reference->candidate_id();
    if (projections::is_used_permission_id(reader, id) || !created_ids.insert(id).second) {
      return reject(RejectionCode::kIdTaken, "A permission id is taken.");
    }
    auto& created = *decision.plan("permission", id).mutable_permission_created();
    created.set_permission_id(id);
    created.set_name(reference->name());
    created.set_slug(reference->name());
    ids.push_back(id);
  }
  return ids;
}

Decided decide(const v1::CreatePermission& command, const Context& context, const projections::RowReader& reader) {
  if (projections::find_permission_id_by_slug(reader, context.workspace_id, command.slug())) {
    return reject(RejectionCode::kPermissionExists,
                  "A permission with the slug '" + command.slug() + "' exists already.");
  }
  if (projections::is_used_permission_id(reader, command.permission_id())) {
    return reject(RejectionCode::kIdTaken, "The permission id is taken.");
  }
  Decision decision;
  auto& created = *decision.plan("permission", command.permission_id()).mutable_permission_created();
  created.set_permission_id(command.permission_id());
  created.set_name(command.name());
  created.set_slug(command.slug());
  created.set_description(command.description());
  return decision;
}

Decided decide(const v1::DeletePermission& command, const Context& context, const projections::RowReader& reader) {
  const auto permission =
      projections::find_permission_by_id_or_slug(reader, context.workspace_id, command.permission());
  if (!permission) return permission_not_found(command.permission());
  Decision decision;
  decision.plan("permission", permission->permission_id())
      .mutable_permission_deleted()
      ->set_permission_id(permission->permission_id());
  return decision;
}

}  // namespace keyfold::actors
