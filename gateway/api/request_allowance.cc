#include "gateway/api/request_allowance.h"

namespace keyfold::api {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kSecondMs = 1'000;

}  // namespace

std::optional<ApiError> charge_workspace(Call& call, projections::SlidingWindows& windows) {
  const auto most = call.principal->workspace->requests_per_minute_max();
  if (!most) return std::nullopt;
  if (*most == 0) return workspace_rate_limited(0);
  const std::string counter = "w/" + call.principal->workspace_id;
  const projections::WindowCheck check{counter, *most, kMinuteMs};
  const projections::WindowVerdict verdict = windows.check({&check, 1}, call.time_ms).front();
  if (verdict.lacks_room) return std::nullopt;
  call.allowance = {*most, verdict.remaining, (verdict.reset_ms - call.time_ms + kSecondMs - 1) / kSecondMs};
  return verdict.passed ? std::nullopt : std::optional(workspace_rate_limited(*most));
}

void add_allowance_headers(const Call& call, http::Response& response) {
  if (!call.allowance) return;
  response.headers.emplace_back("RateLimit-Limit", std::to_string(call.allowance->limit));
  response.headers.emplace_back("RateLimit-Remaining", std::to_string(call.allowance->remaining));
  response.headers.emplace_back("RateLimit-Reset", std::to_string(call.allowance->reset_seconds));
  constexpr int kTooManyRequests = 429;
  if (response.status == kTooManyRequests && call.allowance->remaining == 0) {
    response.headers.emplace_back("Retry-After", std::to_string(call.allowance->reset_seconds));
  }
}

}  // namespace keyfold::api
