#pragma once

#include <optional>

#include "gateway/api/endpoint.h"

namespace keyfold::api {

/// Charges an authenticated call to its workspace, if that has a limit on its requests, and leaves in the call what is
/// left of it. Refuses what is beyond the limit. With no room for one more counter the call goes on: no workspace is
/// shut out by what others do.
[[nodiscard]] std::optional<ApiError> charge_workspace(Call& call, projections::SlidingWindows& windows);

/// RateLimit-Limit, RateLimit-Remaining and RateLimit-Reset, and Retry-After to a refusal, where a limit is active.
void add_allowance_headers(const Call& call, http::Response& response);

}  // namespace keyfold::api
