#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "gateway/api/endpoint.h"
#include "gateway/api/key/verification_ratelimits.h"

namespace keyfold::api {

/// What is asked of a key. Views of the request.
struct VerifyRequest {
  std::string_view key;
  std::string_view permissions;  // an expression; empty: none
  std::int64_t cost = 1;         // credits
  std::vector<AskedRatelimit> ratelimits;
  std::vector<std::string_view> tags;
  std::string_view client_ip;

  friend bool operator==(const VerifyRequest&, const VerifyRequest&) = default;
};

/// The request of a call that is valid by its schema; lives as long as the call.
[[nodiscard]] VerifyRequest verify_request_of(const Call& call);

/// A body of the form that nearly all have: an object with `key`, and maybe `permissions`, `credits`, `ratelimits` and
/// `tags`, each once and as the schema wants it. Nothing for every other body, valid or not: the schema decides about
/// those. The views live until the thread's next call.
[[nodiscard]] std::optional<VerifyRequest> parse_plain_verify_request(std::string_view body);

}  // namespace keyfold::api
