#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "gateway/api/api_error.h"
#include "gateway/api/endpoint.h"
#include "gateway/http/message.h"

namespace keyfold::api {

/// The request headers that mean something to the API; empty when absent. Views of the request.
struct Headers {
  std::string_view authorization;
  std::string_view content_type;
  std::string_view accept;
  std::string_view cookie;
  std::string_view user_agent;
  std::string_view request_id;       // X-Request-Id
  std::string_view idempotency_key;  // Idempotency-Key
  std::string_view metrics;          // X-Unkey-Metrics
  std::string_view position;         // X-Keyfold-Position
};
[[nodiscard]] Headers read_headers(const http::Request& request);

/// Whether the media type is application/json, whatever its parameters.
[[nodiscard]] bool is_json(std::string_view content_type);

/// `partition:sequence`, as an answer or the id of a streamed event gave it; nothing for any other text.
[[nodiscard]] std::optional<events::Position> parse_position(std::string_view text);

/// The hash of the secret in an Authorization header of the bearer scheme; nothing for any other.
[[nodiscard]] std::optional<Digest> root_key_hash(std::string_view authorization);

/// The root key of an Authorization header, looked up by its hash. Refuses one that is unknown, of a workspace that is
/// missing or disabled, disabled, or expired.
[[nodiscard]] Answered<std::shared_ptr<const projections::RootKey>> authenticate(
    std::string_view authorization, const projections::RootKeyIndex& root_keys, std::int64_t now_ms);

/// Fills in the call's body, principal, idempotency key and position, in the order in which the API reports what is
/// wrong: credentials present, content type, body, schema, headers, credentials known.
[[nodiscard]] std::optional<ApiError> read_call(const http::Request& request, const Headers& headers,
                                                const RequestSchemas& schemas,
                                                const projections::Projections& projections, Call& call);

}  // namespace keyfold::api
