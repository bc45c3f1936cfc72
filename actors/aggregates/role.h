#pragma once

#include "actors/aggregates/decision.h"
#include "actors/aggregates/permission.h"

namespace keyfold::actors {

using Names = google::protobuf::RepeatedPtrField<std::string>;

/// The ids of the roles with those names, each once, in the order of the names; letter case does not count.
/// kRoleNotFound, naming the first unknown one.
[[nodiscard]] tl::expected<std::vector<std::string>, Rejection> resolve_roles(const Names& names,
                                                                              const Context& context,
                                                                              const projections::RowReader& reader);

/// The same for roles that are created under their candidate ids, with no permissions, where the workspace lacks them.
/// kIdTaken when a candidate id is taken.
[[nodiscard]] tl::expected<std::vector<std::string>, Rejection> resolve_or_create_roles(
    const References& references, const Context& context, const projections::RowReader& reader, Decision& decision);

/// Creates the role, and before it the permissions that the workspace lacks, where the command may. kRoleExists when
/// the workspace has the name in any letter case, kMayNotCreatePermissions, kIdTaken when an id is or was taken.
[[nodiscard]] Decided decide(const v1::CreateRole& command, const Context& context,
                             const projections::RowReader& reader);

/// By id or name. It is gone from every key. kRoleNotFound.
[[nodiscard]] Decided decide(const v1::DeleteRole& command, const Context& context,
                             const projections::RowReader& reader);

/// Replaces the permissions of the role with that id, and creates those that the workspace lacks where the command may.
/// The answer lists them in the order of slugs. Nothing happens when nothing changes. kRoleNotFound,
/// kMayNotCreatePermissions, kIdTaken.
[[nodiscard]] Decided decide(const v1::SetRolePermissions& command, const Context& context,
                             const projections::RowReader& reader);

}  // namespace keyfold::actors
