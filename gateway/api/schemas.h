#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/base/result.h"

namespace keyfold::api {

/// One thing that is wrong with a request, as the error envelope's `errors` lists it.
struct FieldError {
  std::string location;  // the broken rule as a JSON pointer into the schema, "/properties/ratelimits/items/required"
  std::string message;   // where in the body and what is wrong, "body.ratelimits[1]: lacks `limit`"
  std::string fix;       // how to put it right
};

/// Parses a body. kInvalidArgument with the byte offset for malformed JSON, invalid UTF-8, and nesting deeper than
/// 100. A later duplicate of a member wins.
[[nodiscard]] Result<nlohmann::json> parse_json(std::string_view body);

/// The request schemas of the OpenAPI document, compiled once. Immutable; thread-safe.
class RequestSchemas {
 public:
  /// Reads the document. kInvalidArgument, with the pointer, for a schema keyword that is not supported.
  [[nodiscard]] static Result<RequestSchemas> from_openapi(std::string_view yaml);
  RequestSchemas(RequestSchemas&&) noexcept;
  RequestSchemas& operator=(RequestSchemas&&) noexcept;
  ~RequestSchemas();

  /// The paths that have a POST operation, e.g. "/v2/keys.createKey".
  [[nodiscard]] std::vector<std::string> paths() const;
  /// All that is wrong with the body of a POST to that path (at most 20); empty when it is valid. The path is one of
  /// `paths()`.
  [[nodiscard]] std::vector<FieldError> validate(std::string_view path, const nlohmann::json& body) const;

 private:
  struct Impl;
  explicit RequestSchemas(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// The OpenAPI document that was built in: schemas/openapi.yaml, byte for byte.
[[nodiscard]] std::string_view openapi_document();

}  // namespace keyfold::api
