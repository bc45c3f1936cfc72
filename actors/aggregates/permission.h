#pragma once

#include "actors/aggregates/decision.h"

namespace keyfold::actors {

using References = google::protobuf::RepeatedPtrField<v1::Reference>;

/// What becomes of slugs that the workspace lacks.
enum class IfMissing : std::uint8_t {
  kCreate,     // named like their slug as first spelt
  kForbidden,  // kMayNotCreatePermissions
  kNotFound,   // kPermissionNotFound, naming the first one
};

/// The ids of the permissions with those slugs, each once, in the order of the slugs; a slug's letter case does not
/// count. kIdTaken when a candidate id is or was a permission's.
[[nodiscard]] tl::expected<std::vector<std::string>, Rejection> resolve_permissions(
    const References& references, const Context& context, const projections::RowReader& reader, Decision& decision,
    IfMissing if_missing = IfMissing::kCreate);

/// kPermissionExists when the workspace has the slug in any letter case, kIdTaken when the id is or was taken.
[[nodiscard]] Decided decide(const v1::CreatePermission& command, const Context& context,
                             const projections::RowReader& reader);

/// By id or slug. It is gone from every key and role. kPermissionNotFound.
[[nodiscard]] Decided decide(const v1::DeletePermission& command, const Context& context,
                             const projections::RowReader& reader);

}  // namespace keyfold::actors
