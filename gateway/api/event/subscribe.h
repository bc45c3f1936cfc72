#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "gateway/api/call_reader.h"
#include "gateway/api/endpoint.h"
#include "gateway/http/server.h"

namespace keyfold::api {

/// `GET /v2/events.subscribe`: the workspace's public events as Server-Sent Events.
inline constexpr std::string_view kSubscribePath = "/v2/events.subscribe";

/// How the API completes a call: metrics, access log and headers of every answer.
struct Finish {
  std::function<http::Response(const Call&, http::Response)> answer;
  std::function<http::Response(const Call&, const ApiError&)> error;
};

/// Answers an authenticated call by a stream, or says why not. `call.principal` is set. Never blocks; `finish` outlives
/// the stream.
[[nodiscard]] std::optional<ApiError> subscribe(const http::Request& request, const Headers& headers,
                                                const std::shared_ptr<const Call>& call, const Services& services,
                                                const Finish& finish, http::Exchange& exchange);

}  // namespace keyfold::api
