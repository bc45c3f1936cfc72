#pragma once

#include "actors/aggregates/decision.h"

namespace keyfold::actors {

using Names = google::protobuf::RepeatedPtrField<std::string>;

/// The ids of the roles with those names, each once, in the order of the names; letter case does not count.
/// kRoleNotFound, naming the first unknown one.
[[nodiscard]] tl::expected<std::vector<std::string>, Rejection> resolve_roles(const Names& names,
                                                                              const Context& context,
                                                                              const projections::RowReader& reader);

/// Creates the role, and before it the permissions that the workspace lacks. kRoleExists when the workspace has the
/// name in any letter case, kIdTaken when an id is taken.
[[nodiscard]] Decided decide(const v1::CreateRole& command, const Context& context,
                             const projections::RowReader& reader);

}  // namespace keyfold::actors
