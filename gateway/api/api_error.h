#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "actors/rejection.h"
#include "gateway/api/schemas.h"
#include "gateway/http/message.h"

namespace keyfold::api {

/// A refusal as the client sees it. The functions below are the catalogue: every refusal of the API is made by one of
/// them, and docs/errors.md says what to do about each.
struct ApiError {
  int status = 500;
  std::string_view title;  // a literal
  std::string_view type;   // a literal: what follows https://unkey.com/docs/errors/, or a whole urn: of our own
  std::string detail;
  std::vector<FieldError> errors;  // what schema validation found; listed on every 400
};

template <class T>
using Answered = tl::expected<T, ApiError>;

inline tl::unexpected<ApiError> refuse(ApiError error) { return tl::unexpected<ApiError>(std::move(error)); }

[[nodiscard]] ApiError invalid_input(std::string detail, std::vector<FieldError> errors = {});
[[nodiscard]] ApiError malformed_credentials();
/// A key that can't be one of a prefixed-api-key migration.
[[nodiscard]] ApiError malformed_migrated_key();
[[nodiscard]] ApiError permission_query_syntax(std::string detail);
[[nodiscard]] ApiError unknown_root_key();
[[nodiscard]] ApiError expired_root_key(std::int64_t expired_at_ms);
[[nodiscard]] ApiError disabled_root_key();
[[nodiscard]] ApiError disabled_workspace();
[[nodiscard]] ApiError workspace_rate_limited(std::int64_t requests_per_minute);
/// Names the permission in its wildcard form only: looked-up ids are not given away.
[[nodiscard]] ApiError missing_permission(std::string_view wildcard_form);
/// One text for what is absent, deleted, of another workspace, or masked.
[[nodiscard]] ApiError api_not_found();
[[nodiscard]] ApiError key_not_found();
[[nodiscard]] ApiError permission_not_found();
[[nodiscard]] ApiError role_not_found();
[[nodiscard]] ApiError identity_not_found();
[[nodiscard]] ApiError migration_not_found();
/// One text for a position without an event, or with one that the caller may not see.
[[nodiscard]] ApiError event_not_found();
/// What no published checkpoint covers.
[[nodiscard]] ApiError audit_file_not_found();
[[nodiscard]] ApiError root_key_not_found();
[[nodiscard]] ApiError workspace_not_found();
[[nodiscard]] ApiError portal_not_found();
[[nodiscard]] ApiError webhook_not_found();
[[nodiscard]] ApiError webhook_delivery_not_found();
/// One text for a code or token that is unknown, used or expired.
[[nodiscard]] ApiError portal_session_not_found();
[[nodiscard]] ApiError portal_token_missing();
[[nodiscard]] ApiError missing_scope(std::string_view scope);
[[nodiscard]] ApiError forbidden(std::string detail);
[[nodiscard]] ApiError ratelimit_namespace_not_found();
[[nodiscard]] ApiError ratelimit_namespace_gone();
[[nodiscard]] ApiError ratelimit_override_not_found();
[[nodiscard]] ApiError path_not_found(std::string_view path);
[[nodiscard]] ApiError method_not_allowed(std::string_view allowed);
[[nodiscard]] ApiError precondition_failed(std::string detail);
[[nodiscard]] ApiError idempotency_key_reused();
[[nodiscard]] ApiError overloaded(std::string detail);
[[nodiscard]] ApiError too_many_subscribers();
[[nodiscard]] ApiError position_not_reached();
[[nodiscard]] ApiError unexpected_error();
/// What the listener itself refuses.
[[nodiscard]] ApiError listener_error(int status, std::string_view reason);
/// A command that changed nothing.
[[nodiscard]] ApiError from_rejection(const actors::Rejection& rejection);

/// Where more results of a list begin; empty when there are none.
struct Pagination {
  std::string cursor;
};

/// `{"meta":{"requestId":…},"data":…,"pagination":…}`. `data_json` is JSON already; empty: no `data`.
[[nodiscard]] std::string render_envelope(std::string_view request_id, std::string_view data_json,
                                          const Pagination* pagination);
/// The error envelope; its content type follows the request's Accept header, except for schema errors.
[[nodiscard]] http::Response render_error(std::string_view request_id, const ApiError& error, std::string_view accept);

}  // namespace keyfold::api
