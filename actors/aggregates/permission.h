#pragma once

#include "actors/aggregates/decision.h"

namespace keyfold::actors {

using References = google::protobuf::RepeatedPtrField<v1::Reference>;

/// The ids of the permissions with those slugs, each once, in the order of the slugs; a slug's letter case does not
/// count. Plans the creation of those that the workspace lacks, named like their slug as first spelt. kIdTaken when a
/// candidate id is taken.
[[nodiscard]] tl::expected<std::vector<std::string>, Rejection> resolve_permissions(
    const References& references, const Context& context, const projections::RowReader& reader, Decision& decision);

/// kPermissionExists when the workspace has the slug in any letter case, kIdTaken when the id is taken.
[[nodiscard]] Decided decide(const v1::CreatePermission& command, const Context& context,
                             const projections::RowReader& reader);

}  // namespace keyfold::actors
