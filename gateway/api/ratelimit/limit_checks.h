#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/api/endpoint.h"
#include "projections/ratelimit_index.h"
#include "projections/sliding_windows.h"

// What ratelimit.limit and ratelimit.multiLimit have in common. A check of namespaces that exist is decided on the
// caller's thread from two structures in memory; only a missing namespace costs a command.
namespace keyfold::api {

/// One check as it was asked for; views of the call's body.
struct LimitCheck {
  std::string_view namespace_or_id;
  std::string_view identifier;
  std::int64_t limit = 0;
  std::int64_t duration_ms = 0;
  std::int64_t cost = 1;
};
[[nodiscard]] LimitCheck limit_check_of(const nlohmann::json& body);

/// What applies to each check, in their order; nothing where the namespace does not exist.
using LimitRules = std::vector<std::optional<projections::RatelimitRule>>;
[[nodiscard]] LimitRules find_rules(const Call& call, const Services& services, std::span<const LimitCheck> checks);

/// Refuses a caller who would need to create namespaces and may not.
[[nodiscard]] std::optional<ApiError> refuse_missing(const Call& call, const LimitRules& rules);
[[nodiscard]] std::optional<ApiError> refuse_gone(const LimitRules& rules);
/// Refuses a caller who may not ask for the limits of each of the namespaces.
[[nodiscard]] std::optional<ApiError> refuse_unpermitted(const Call& call, const LimitRules& rules);

/// How a check ended.
struct LimitVerdict {
  std::int64_t limit = 0;   // an override's, or the check's own
  std::string override_id;  // empty: the check's own numbers counted
  projections::WindowVerdict window;
};

/// Makes the answer's `data`.
using LimitAnswer = std::string (*)(std::span<const LimitCheck>, std::span<const LimitVerdict>);

/// Decides the checks together, all or nothing, and records them as usage; after creating the namespaces that are
/// missing. The caller is permitted, and no namespace is gone.
[[nodiscard]] Answered<Step> check_limits(const Call& call, const Services& services, std::vector<LimitCheck> checks,
                                          const LimitRules& rules, LimitAnswer answer);

/// Appends `"limit":…,"remaining":…,"reset":…,"<outcome>":…` and, where an override applied, `"overrideId":…`.
void append_limit_verdict(std::string& out, const LimitVerdict& verdict, std::string_view outcome);

}  // namespace keyfold::api
