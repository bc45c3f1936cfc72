#pragma once

#include "actors/aggregates/decision.h"

namespace keyfold::actors {

/// A key's own permissions and roles: as many as one request can name.
inline constexpr int kKeyPermissionsMax = 1'000;
inline constexpr int kKeyRolesMax = 100;

/// Gives direct permissions to a key, takes them from it, or replaces them, and creates those that the workspace lacks
/// where the command may. The answer lists what the key then has: what it had before, then what is new, each in the
/// order of slugs. Nothing happens when nothing changes. kKeyNotFound, kMayNotCreatePermissions, kIdTaken;
/// kPermissionNotFound, naming the first unknown one, for REMOVE; kInvalidInput for more than a key can have.
[[nodiscard]] Decided decide(const v1::ChangeKeyPermissions& command, const Context& context,
                             const projections::RowReader& reader);

/// The same with roles, in the order of names; each is answered with its permissions. kKeyNotFound; kRoleNotFound,
/// naming the first unknown one; kInvalidInput for more than a key can have.
[[nodiscard]] Decided decide(const v1::ChangeKeyRoles& command, const Context& context,
                             const projections::RowReader& reader);

}  // namespace keyfold::actors
