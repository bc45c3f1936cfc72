#pragma once

#include "gateway/api/endpoint.h"

namespace keyfold::api {

[[nodiscard]] Answered<Step> create_permission(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> get_permission(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> list_permissions(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> delete_permission(const Call& call, const Services& services);

/// Whether permissions that a request names and the workspace lacks may be created on its way.
[[nodiscard]] bool may_create_permissions(const Call& call);

}  // namespace keyfold::api
