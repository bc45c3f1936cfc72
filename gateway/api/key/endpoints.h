#pragma once

#include "gateway/api/endpoint.h"

namespace keyfold::api {

[[nodiscard]] Answered<Step> create_key(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> get_key(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> update_key(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> delete_key(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> reroll_key(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> migrate_keys(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> verify_key(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> update_credits(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> add_permissions(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> remove_permissions(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> set_permissions(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> add_roles(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> remove_roles(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> set_roles(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> whoami(const Call& call, const Services& services);

}  // namespace keyfold::api
