#include "actors/aggregates/permission.h"

#include <map>
#include <set>

#include "projections/permission.h"
#include "schemas/base/encoding.h"

namespace keyfold::actors {

tl::expected<std::vector<std::string>, Rejection> resolve_permissions(const References& references,
                                                                      const Context& context,
                                                                      const projections::RowReader& reader,
                                                                      Decision& decision) {
  std::map<std::string, const v1::Reference*> by_slug;
  for (const v1::Reference& reference : references) by_slug.try_emplace(to_lower(reference.name()), &reference);

  std::vector<std::string> ids;
  std::set<std::string_view> created_ids;
  for (const auto& [slug, reference] : by_slug) {
    if (auto known = projections::find_permission_id_by_slug(reader, context.workspace_id, slug)) {
      ids.push_back(*std::move(known));
      continue;
    }
    const std::string& id = reference->candidate_id();
    if (projections::find_permission(reader, id) || !created_ids.insert(id).second) {
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
  if (projections::find_permission(reader, command.permission_id())) {
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

}  // namespace keyfold::actors
