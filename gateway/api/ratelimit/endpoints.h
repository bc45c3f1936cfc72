#pragma once

#include "gateway/api/endpoint.h"
#include "projections/ratelimit_index.h"

namespace keyfold::api {

[[nodiscard]] Answered<Step> limit(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> multi_limit(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> set_override(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> get_override(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> delete_override(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> list_overrides(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> delete_namespace(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> list_namespaces(const Call& call, const Services& services);

/// What is known of the identifier in the live namespace that the body's `namespace` names, by id or by name.
[[nodiscard]] Answered<projections::RatelimitRule> find_live_namespace(const Call& call, const Services& services,
                                                                       std::string_view identifier = {});

/// `ratelimit.{*|id}.<action>`.
[[nodiscard]] bool may_on_namespace(const Call& call, std::string_view namespace_id, std::string_view action);

}  // namespace keyfold::api
