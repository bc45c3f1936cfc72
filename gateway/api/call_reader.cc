#include "gateway/api/call_reader.h"

#include <strings.h>

#include <algorithm>
#include <charconv>

#include "projections/portal.h"

namespace keyfold::api {
namespace {

constexpr std::size_t kIdempotencyKeyBytesMax = 255;
// Above it, strangers are turned away before their body is parsed, which takes up to a second on an I/O thread.
constexpr std::size_t kStrangersBodyBytesMax = 64UL * 1024;

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string length_prefixed(std::string_view text) { return std::to_string(text.size()) + ":" + std::string(text); }

std::optional<ApiError> read_body(const http::Request& request, const Headers& headers, const RequestSchemas& schemas,
                                  Call& call) {
  const auto refused = [&](std::string message, std::string location, std::string fix) {
    std::string detail = "POST " + call.path + " was refused: " + message + ".";
    return invalid_input(std::move(detail), {{std::move(location), std::move(message), std::move(fix)}});
  };
  if (call.endpoint->access == Access::kRootKey && headers.authorization.empty()) {
    return refused("the Authorization header is missing", "security",
                   "Send a root key by the bearer scheme: `Authorization: Bearer unkey_...`.");
  }
  if (!is_json(headers.content_type)) {
    return refused("the content type is not application/json", "requestBody",
                   "Send the header `Content-Type: application/json`.");
  }
  if (request.body.empty()) return refused("the body is empty", "requestBody", "Send a JSON object.");
  auto body = parse_json(request.body);
  if (!body) return refused(body.error().to_string(), "requestBody", "Send one JSON value in UTF-8.");
  call.body = *std::move(body);
  auto errors = schemas.validate(call.path, call.body);
  if (errors.empty()) return std::nullopt;
  return invalid_input("The body of POST " + call.path + " does not match its schema: see `errors`.",
                       std::move(errors));
}

std::optional<ApiError> read_idempotency_key(const http::Request& request, std::string_view key, Call& call) {
  if (key.empty() || !call.endpoint->takes_idempotency_key) return std::nullopt;
  const bool is_printable = std::all_of(key.begin(), key.end(), [](char c) { return c >= 0x21 && c <= 0x7e; });
  if (key.size() > kIdempotencyKeyBytesMax || !is_printable) {
    return invalid_input("The Idempotency-Key must be 1 to 255 printable ASCII characters without blanks.");
  }
  call.idempotency = IdempotencyKey{sha256(length_prefixed(call.principal->root_key_id) + length_prefixed(key)),
                                    sha256(length_prefixed(call.path) + std::string(request.body))};
  return std::nullopt;
}

// The cookie's value (RFC 6265, section 4.2.1); empty when absent.
std::string_view cookie_value(std::string_view cookies, std::string_view name) {
  while (!cookies.empty()) {
    const auto end = std::min(cookies.find(';'), cookies.size());
    const std::string_view pair = trim(cookies.substr(0, end));
    cookies.remove_prefix(std::min(end + 1, cookies.size()));
    const auto equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == name) return pair.substr(equals + 1);
  }
  return {};
}

std::optional<ApiError> refuse_standing(const projections::WorkspaceStanding& workspace) {
  using enum projections::WorkspaceStanding::State;
  switch (workspace.state()) {
    case kMissing:
      return workspace_not_found();
    case kDisabled:
      return disabled_workspace();
    case kEnabled:
      break;
  }
  return std::nullopt;
}

// The session whose token the cookie holds, as a caller who may nothing but what its scopes say.
std::optional<ApiError> read_portal_session(std::string_view token, const projections::Projections& projections,
                                            Call& call) {
  const Digest token_hash = sha256(token);
  for (events::PartitionId partition = 0; partition < projections.partitions(); ++partition) {
    auto session = projections::find_portal_session_by_token(projections.reader(partition), as_view(token_hash));
    if (!session || call.time_ms >= session->expires_at_ms()) continue;
    auto principal = std::make_shared<projections::RootKey>();
    principal->root_key_id = session->session_id();
    principal->workspace_id = session->workspace_id();
    principal->partition = partition;
    principal->workspace = projections.root_keys().workspace(session->workspace_id());
    if (auto refused = refuse_standing(*principal->workspace)) return refused;
    call.principal = std::move(principal);
    call.portal_session = std::move(session);
    return std::nullopt;
  }
  return portal_session_not_found();
}

}  // namespace

Headers read_headers(const http::Request& request) {
  Headers headers;
  const auto take = [](std::string_view name, std::string_view wanted, std::string_view value, std::string_view& slot) {
    if (slot.empty() && equals_ignoring_case(name, wanted)) slot = value;
  };
  for (const auto& [name, value] : request.headers) {
    switch (name.size()) {
      case 6:
        take(name, "Accept", value, headers.accept);
        take(name, "Cookie", value, headers.cookie);
        break;
      case 10:
        take(name, "User-Agent", value, headers.user_agent);
        break;
      case 12:
        take(name, "Content-Type", value, headers.content_type);
        take(name, "X-Request-Id", value, headers.request_id);
        break;
      case 13:
        take(name, "Authorization", value, headers.authorization);
        break;
      case 15:
        take(name, "Idempotency-Key", value, headers.idempotency_key);
        take(name, "X-Unkey-Metrics", value, headers.metrics);
        break;
      case 18:
        take(name, "X-Keyfold-Position", value, headers.position);
        break;
      default:
        break;
    }
  }
  return headers;
}

bool is_json(std::string_view content_type) {
  return equals_ignoring_case(trim(content_type.substr(0, content_type.find(';'))), "application/json");
}

std::optional<events::Position> parse_position(std::string_view text) {
  events::Position position;
  const char* const end = text.data() + text.size();
  const auto [colon, partition_error] = std::from_chars(text.data(), end, position.partition);
  if (partition_error != std::errc() || colon == end || *colon != ':') return std::nullopt;
  const auto [rest, sequence_error] = std::from_chars(colon + 1, end, position.sequence);
  if (sequence_error != std::errc() || rest != end) return std::nullopt;
  return position;
}

std::optional<Digest> root_key_hash(std::string_view authorization) {
  constexpr std::string_view kScheme = "Bearer";
  authorization = trim(authorization);
  const auto blank = authorization.find(' ');
  if (blank == std::string_view::npos || !equals_ignoring_case(authorization.substr(0, blank), kScheme)) {
    return std::nullopt;
  }
  return sha256(trim(authorization.substr(blank)));
}

Answered<std::shared_ptr<const projections::RootKey>> authenticate(std::string_view authorization,
                                                                   const projections::RootKeyIndex& root_keys,
                                                                   std::int64_t now_ms) {
  const auto hash = root_key_hash(authorization);
  if (!hash) return refuse(malformed_credentials());
  auto root_key = root_keys.find(*hash);
  if (!root_key) return refuse(unknown_root_key());
  if (auto refused = refuse_standing(*root_key->workspace)) return refuse(*std::move(refused));
  if (!root_key->enabled) return refuse(disabled_root_key());
  if (root_key->expires_at_ms && now_ms > *root_key->expires_at_ms) {
    return refuse(expired_root_key(*root_key->expires_at_ms));
  }
  return root_key;
}

std::optional<ApiError> read_call(const http::Request& request, const Headers& headers, const RequestSchemas& schemas,
                                  const projections::Projections& projections, Call& call) {
  // An Authorization header makes the cookie count for nothing: one request, one caller.
  const std::string_view token =
      headers.authorization.empty() ? cookie_value(headers.cookie, "portal_session") : std::string_view();
  if (call.endpoint->access == Access::kPortalSession && token.empty()) return portal_token_missing();
  if (call.endpoint->access != Access::kRootKey && request.body.size() > kStrangersBodyBytesMax) {
    return listener_error(413, "the body of this operation is too large");
  }
  if (request.body.size() > kStrangersBodyBytesMax && !headers.authorization.empty()) {
    const auto known = authenticate(headers.authorization, projections.root_keys(), call.time_ms);
    if (!known) return known.error();
  }
  call.records_usage = headers.metrics != "disabled";
  if (auto error = read_body(request, headers, schemas, call)) return error;
  if (!headers.position.empty()) {
    call.after = parse_position(headers.position);
    if (!call.after || call.after->partition >= projections.partitions()) {
      return invalid_input("X-Keyfold-Position must be <partition>:<sequence>, as an earlier answer gave it.");
    }
  }
  if (call.endpoint->access == Access::kPublic) return std::nullopt;
  if (call.endpoint->access == Access::kPortalSession) {
    if (auto error = read_portal_session(token, projections, call)) return error;
  } else {
    auto principal = authenticate(headers.authorization, projections.root_keys(), call.time_ms);
    if (!principal) return std::move(principal.error());
    call.principal = *std::move(principal);
  }
  return read_idempotency_key(request, headers.idempotency_key, call);
}

}  // namespace keyfold::api
