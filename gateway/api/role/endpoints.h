#pragma once

#include "gateway/api/endpoint.h"

namespace keyfold::api {

[[nodiscard]] Answered<Step> create_role(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> get_role(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> list_roles(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> delete_role(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> set_role_permissions(const Call& call, const Services& services);

}  // namespace keyfold::api
