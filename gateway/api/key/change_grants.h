#pragma once

#include <initializer_list>
#include <string_view>

#include "gateway/api/endpoint.h"

// What the six endpoints share that change a key's own permissions or roles.
namespace keyfold::api {

/// Plans the change of the key's permissions by the request's `keyId` and `permissions`. The caller needs a URN grant
/// of update_key on the key, or update_key in its tuple form together with all of `rbac`.
[[nodiscard]] Answered<Step> change_permissions(const Call& call, const Services& services, v1::SetOperation operation,
                                                std::initializer_list<std::string_view> rbac);

/// The same with the request's `roles`.
[[nodiscard]] Answered<Step> change_roles(const Call& call, const Services& services, v1::SetOperation operation,
                                          std::initializer_list<std::string_view> rbac);

}  // namespace keyfold::api
