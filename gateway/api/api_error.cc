#include "gateway/api/api_error.h"

#include <ctime>
#include <nlohmann/json.hpp>

#include "gateway/api/api.h"
#include "gateway/api/json_text.h"
#include "schemas/base/random.h"

namespace keyfold::api {
namespace {

constexpr std::string_view kErrorPages = "https://unkey.com/docs/errors/";
constexpr std::string_view kTooManySubscribers = "urn:keyfold:error:too_many_subscribers";
constexpr std::string_view kInvalidInput = "unkey/application/invalid_input";

std::string instant_text(std::int64_t ms) {
  const std::time_t seconds = ms / 1000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

ApiError not_found(std::string_view type, std::string detail) {
  return {404, "Not Found", type, std::move(detail), {}};
}

// An entry of Accept without its parameters, e.g. "*/*" of "*/*;q=0.8".
bool accepts_problem_json(std::string_view accept) {
  while (!accept.empty()) {
    const auto comma = accept.find(',');
    std::string_view entry = accept.substr(0, comma);
    entry = entry.substr(0, entry.find(';'));
    while (!entry.empty() && entry.front() == ' ') entry.remove_prefix(1);
    while (!entry.empty() && entry.back() == ' ') entry.remove_suffix(1);
    if (entry == "application/problem+json" || entry == "application/*" || entry == "*/*") return true;
    if (comma == std::string_view::npos) break;
    accept.remove_prefix(comma + 1);
  }
  return false;
}

}  // namespace

ApiError invalid_input(std::string detail, std::vector<FieldError> errors) {
  return {400, "Bad Request", kInvalidInput, std::move(detail), std::move(errors)};
}

ApiError malformed_credentials() {
  return {400,
          "Bad Request",
          "unkey/authentication/malformed",
          "The Authorization header must be the word Bearer, a blank, and a root key.",
          {}};
}

ApiError malformed_migrated_key() {
  return {400,
          "Bad Request",
          "unkey/authentication/malformed",
          "A key of this migration has a prefix, a short token and a long token, joined by underscores.",
          {}};
}

ApiError permission_query_syntax(std::string detail) {
  return {400, "Bad Request", "user/bad_request/permissions_query_syntax_error", std::move(detail), {}};
}

ApiError unknown_root_key() {
  return {401, "Unauthorized", "unkey/authentication/key_not_found", "The root key is not known or was revoked.", {}};
}

ApiError expired_root_key(std::int64_t expired_at_ms) {
  return {403,
          "Forbidden",
          "unkey/authorization/forbidden",
          "The root key expired at " + instant_text(expired_at_ms) + ".",
          {}};
}

ApiError disabled_root_key() {
  return {403,
          "Key is disabled",
          "unkey/authorization/key_disabled",
          "The root key is disabled: have it enabled, or use another one.",
          {}};
}

ApiError disabled_workspace() {
  return {403,
          "Workspace is disabled",
          "unkey/authorization/workspace_disabled",
          "The workspace is disabled: ask whoever runs this server.",
          {}};
}

ApiError workspace_rate_limited(std::int64_t requests_per_minute) {
  return {429,
          "Too Many Requests",
          "user/too_many_requests/workspace_rate_limited",
          "The workspace is limited to " + std::to_string(requests_per_minute) +
              " requests in a minute, all of its root keys together.",
          {}};
}

ApiError missing_permission(std::string_view wildcard_form) {
  return {403,
          "Insufficient Permissions",
          "unkey/authorization/insufficient_permissions",
          "The root key lacks the permission '" + std::string(wildcard_form) + "' or a narrower one that covers this.",
          {}};
}

ApiError api_not_found() { return not_found("unkey/data/api_not_found", "The API does not exist."); }
ApiError key_not_found() { return not_found("unkey/data/key_not_found", "The key does not exist."); }
ApiError permission_not_found() {
  return not_found("unkey/data/permission_not_found", "The permission does not exist.");
}
ApiError role_not_found() { return not_found("unkey/data/role_not_found", "The role does not exist."); }
ApiError identity_not_found() { return not_found("unkey/data/identity_not_found", "The identity does not exist."); }
ApiError migration_not_found() { return not_found("unkey/data/migration_not_found", "The migration does not exist."); }
ApiError event_not_found() {
  return not_found("urn:keyfold:error:event_not_found", "The workspace has no event at this position.");
}
ApiError audit_file_not_found() {
  return not_found("urn:keyfold:error:audit_file_not_found",
                   "The log's latest checkpoint does not reach that far: see its size.");
}
ApiError root_key_not_found() {
  return not_found("unkey/data/key_not_found", "The root key does not exist or is revoked already.");
}
ApiError workspace_not_found() { return not_found("unkey/data/workspace_not_found", "The workspace does not exist."); }
ApiError portal_not_found() { return not_found("unkey/data/portal_not_found", "The portal does not exist."); }

ApiError webhook_not_found() { return not_found("urn:keyfold:error:webhook_not_found", "The webhook does not exist."); }

ApiError webhook_delivery_not_found() {
  return not_found("urn:keyfold:error:webhook_delivery_not_found",
                   "The delivery does not exist, or it is not remembered any more.");
}

ApiError portal_session_not_found() {
  return {401,
          "Unauthorized",
          "unkey/authentication/portal_session_not_found",
          "The portal session does not exist, was used already, or has expired: open the portal anew.",
          {}};
}

ApiError portal_token_missing() {
  return {400,
          "Bad Request",
          "unkey/authentication/portal_token_missing",
          "Send the access token of portal.exchangeCode in the cookie `portal_session`, and no Authorization header.",
          {}};
}

ApiError missing_scope(std::string_view scope) {
  return {403,
          "Insufficient Permissions",
          "unkey/authorization/insufficient_permissions",
          "The portal session lacks the scope '" + std::string(scope) + "'.",
          {}};
}

ApiError forbidden(std::string detail) {
  return {403, "Forbidden", "unkey/authorization/forbidden", std::move(detail), {}};
}

ApiError ratelimit_namespace_not_found() {
  return not_found("unkey/data/ratelimit_namespace_not_found", "The rate limit namespace does not exist.");
}
ApiError ratelimit_namespace_gone() {
  return {410,
          "Resource Gone",
          "unkey/data/ratelimit_namespace_gone",
          "The rate limit namespace was deleted, and its name is not used again.",
          {}};
}
ApiError ratelimit_override_not_found() {
  return not_found("unkey/data/ratelimit_override_not_found", "The override does not exist.");
}

ApiError path_not_found(std::string_view path) {
  return not_found("urn:keyfold:error:path_not_found", "There is nothing at " + std::string(path.substr(0, 200)) +
                                                           ". GET /openapi.yaml lists every endpoint.");
}

ApiError method_not_allowed(std::string_view allowed) {
  return {405, "Method Not Allowed", "urn:keyfold:error:method_not_allowed", "Use " + std::string(allowed) + ".", {}};
}

ApiError precondition_failed(std::string detail) {
  return {412, "Precondition Failed", "unkey/application/precondition_failed", std::move(detail), {}};
}

ApiError idempotency_key_reused() {
  return {409,
          "Conflicting Resource",
          "urn:keyfold:error:idempotency_key_reused",
          "This Idempotency-Key was used for another request: use a new key for a new request.",
          {}};
}

ApiError overloaded(std::string detail) {
  return {503, "Service Unavailable", "urn:keyfold:error:overloaded", std::move(detail), {}};
}

ApiError too_many_subscribers() {
  return {429,
          "Too Many Requests",
          kTooManySubscribers,
          "The workspace has as many subscribers as it may. Close one, or try again.",
          {}};
}

ApiError position_not_reached() {
  return {503,
          "Service Unavailable",
          "urn:keyfold:error:position_not_reached",
          "This server has not seen the position of X-Keyfold-Position yet. Try again, or leave the header out.",
          {}};
}

ApiError unexpected_error() {
  return {500,
          "Internal Server Error",
          "unkey/application/unexpected_error",
          "Something went wrong on our side. The request id leads to the cause in the server's log.",
          {}};
}

ApiError listener_error(int status, std::string_view reason) {
  switch (status) {
    case 408:
      return {408, "Request Timeout", "user/bad_request/request_timeout", std::string(reason), {}};
    case 413:
      return {413, "Request Entity Too Large", "user/bad_request/request_body_too_large", std::string(reason), {}};
    case 431:
      return {431, "Request Header Fields Too Large", "urn:keyfold:error:headers_too_large", std::string(reason), {}};
    case 500:
      return unexpected_error();
    case 501:
      return {501, "Not Implemented", "urn:keyfold:error:not_implemented", std::string(reason), {}};
    case 503:
      return overloaded(std::string(reason));
    case 505:
      return {505, "HTTP Version Not Supported", "urn:keyfold:error:http_version", std::string(reason), {}};
    default:
      return {status, "Bad Request", kInvalidInput, std::string(reason), {}};
  }
}

ApiError from_rejection(const actors::Rejection& rejection) {
  using enum actors::RejectionCode;
  switch (rejection.code) {
    case kInvalidInput:
      return invalid_input(rejection.detail);
    case kWorkspaceNotFound:
      return workspace_not_found();
    case kRootKeyNotFound:
      return root_key_not_found();
    case kApiNotFound:
      return api_not_found();
    case kKeyspaceMissing:
    case kKeysNotRecoverable:
      return precondition_failed(rejection.detail);
    case kApiProtected:
      return {412, "Resource is protected", "unkey/application/protected_resource", rejection.detail, {}};
    case kKeyNotFound:
      return key_not_found();
    case kPermissionNotFound:
      return not_found("unkey/data/permission_not_found", rejection.detail);
    case kMayNotCreatePermissions:
      return missing_permission("rbac.*.create_permission");
    case kIdentityNotFound:
      return identity_not_found();
    case kRoleNotFound:
      return not_found("unkey/data/role_not_found", rejection.detail);
    case kRatelimitNamespaceNotFound:
      return ratelimit_namespace_not_found();
    case kRatelimitNamespaceGone:
      return ratelimit_namespace_gone();
    case kRatelimitOverrideNotFound:
      return ratelimit_override_not_found();
    case kIdentityExists:
      return {409, "Conflicting Resource", "unkey/data/identity_already_exists", rejection.detail, {}};
    case kPermissionExists:
      return {409, "Conflicting Resource", "unkey/data/permission_already_exists", rejection.detail, {}};
    case kMigrationNotFound:
      return migration_not_found();
    case kPortalExists:
      return {409, "Conflicting Resource", "urn:keyfold:error:portal_already_exists", rejection.detail, {}};
    case kPortalNotFound:
      return portal_not_found();
    case kPortalSessionNotFound:
      return portal_session_not_found();
    case kWebhookNotFound:
      return webhook_not_found();
    case kRoleExists:
      return {409, "Conflicting Resource", "unkey/data/role_already_exists", rejection.detail, {}};
    case kIdempotencyKeyReused:
      return idempotency_key_reused();
    case kOverloaded:
    case kNotOwner:
      return overloaded(rejection.detail);
    case kUnknownOutcome:
      return {503, "Service Unavailable", "urn:keyfold:error:unknown_outcome", rejection.detail, {}};
    case kKeyDisabled:
    case kKeyExpired:
    case kCreditsExceeded:  // answers of a verification, which renders them itself
    case kIdTaken:          // five new ids in a row were taken: the random source is broken
      break;
  }
  return unexpected_error();
}

std::string render_envelope(std::string_view request_id, std::string_view data_json, const Pagination* pagination) {
  std::string body;
  body.reserve(data_json.size() + 128);
  body.append(R"({"meta":{"requestId":")").append(request_id).append(R"("})");
  if (!data_json.empty()) body.append(R"(,"data":)").append(data_json);
  if (pagination != nullptr) {
    if (pagination->cursor.empty()) {
      body += R"(,"pagination":{"hasMore":false})";
    } else {
      body += R"(,"pagination":{"cursor":)";
      append_json_string(body, pagination->cursor);
      body += R"(,"hasMore":true})";
    }
  }
  body += '}';
  return body;
}

http::Response render_error(std::string_view request_id, const ApiError& error, std::string_view accept) {
  nlohmann::ordered_json body;
  body["meta"]["requestId"] = request_id;
  auto& out = body["error"];
  out["title"] = error.title;
  out["detail"] = error.detail;
  out["status"] = error.status;
  out["type"] =
      error.type.starts_with("urn:") ? std::string(error.type) : std::string(kErrorPages) + std::string(error.type);
  if (error.status == 400 || error.status == 408 || error.status == 413) {
    out["errors"] = nlohmann::ordered_json::array();
    for (const FieldError& field : error.errors) {
      nlohmann::ordered_json entry{{"message", field.message}, {"location", field.location}};
      if (!field.fix.empty()) entry["fix"] = field.fix;
      out["errors"].push_back(std::move(entry));
    }
  }
  http::Response response{.status = error.status,
                          .body = body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)};
  if (error.errors.empty() && accepts_problem_json(accept)) response.content_type = "application/problem+json";
  if (error.status == 503) response.headers.emplace_back("Retry-After", "1");
  if (error.type == kTooManySubscribers) response.headers.emplace_back("Retry-After", "10");
  return response;
}

http::Response render_listener_error(int status, std::string_view reason) {
  return render_error(make_id("req"), listener_error(status, reason), {});
}

}  // namespace keyfold::api
