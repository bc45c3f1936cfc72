#pragma once

#include <optional>

#include "gateway/api/endpoint.h"
#include "projections/rows.pb.h"

namespace keyfold::api {

[[nodiscard]] Answered<Step> create_identity(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> get_identity(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> list_identities(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> update_identity(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> delete_identity(const Call& call, const Services& services);

/// The identity of the caller's workspace that the member `identity` names: by its id, else by its external id.
[[nodiscard]] std::optional<rows::IdentityRow> find_named_identity(const Call& call, const Services& services);

/// `identity.*.<action>` or a URN grant on all identities.
[[nodiscard]] bool may_on_identities(const Call& call, std::string_view action);
/// The same, or `identity.<identity_id>.<action>`.
[[nodiscard]] bool may_on_identity(const Call& call, std::string_view identity_id, std::string_view action);

}  // namespace keyfold::api
