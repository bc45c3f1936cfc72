#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace keyfold::api {

/// What an operation needs: one of the tuples (`api.*.create_key`, `api.api_1.create_key`, compared as text) or a grant
/// by URN that covers one of the resources.
struct Requirement {
  std::string tuple;  // resource_type.resource_id.action; empty: no tuple form
  std::string urn;    // unkey:v1:<workspace>:<path>#<action>; empty: no URN form
};

/// Whether the held permissions (sorted) contain `administrator`, the requirement's tuple, or a URN grant that covers
/// its URN. A malformed grant is ignored. `administrator` ends at its own workspace: it covers no tuple of the types
/// `workspace` and `audit`. Pure; allocates nothing.
[[nodiscard]] bool allows(std::span<const std::string> held, const Requirement& requirement);
[[nodiscard]] bool allows_any(std::span<const std::string> held, std::initializer_list<Requirement> requirements);

/// Whether the held permissions (sorted) contain `administrator`.
[[nodiscard]] bool is_administrator(std::span<const std::string> held);

/// Whether a holder of `held` may hand out `permission`, a grant: it is held, or covered by a URN grant or, but for
/// tuples of the types `workspace` and `audit`, by `administrator`.
[[nodiscard]] bool may_grant(std::span<const std::string> held, std::string_view permission);

/// Whether the text has the form of a grant that this version understands: a tuple `type.id.action`, a URN grant, or
/// `administrator`.
[[nodiscard]] bool is_grant(std::string_view permission);

}  // namespace keyfold::api
