#pragma once

#include "gateway/api/endpoint.h"

namespace keyfold::api {

// By root key: portals (an addition of keyfold) and sessions in them.
[[nodiscard]] Answered<Step> create_portal(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> update_portal(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> list_portals(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> create_portal_session(const Call& call, const Services& services);

// Public: the code is the credential.
[[nodiscard]] Answered<Step> exchange_portal_code(const Call& call, const Services& services);

// By the session's cookie.
[[nodiscard]] Answered<Step> list_portal_keys(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> reroll_portal_key(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> get_portal_verifications(const Call& call, const Services& services);

}  // namespace keyfold::api
