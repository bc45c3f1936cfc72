// Any bytes as a request's body: what parse_json takes is JSON and what it refuses is not, but for what it refuses on
// purpose; the schema of every endpoint explains whatever was taken, in valid text; and what the hot path of
// keys.verifyKey takes is valid by the schema and means the same there.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "gateway/api/key/verify_request.h"
#include "gateway/api/schemas.h"

namespace {

using namespace keyfold::api;
using nlohmann::json;

// Byte-order marks, NUL bytes and deep nesting are ours to refuse; nlohmann takes them.
bool may_differ(std::string_view body) {
  return body.starts_with("\xEF\xBB\xBF") || body.find('\0') != std::string_view::npos ||
         std::count_if(body.begin(), body.end(), [](char c) { return c == '[' || c == '{'; }) > 100;
}

const RequestSchemas& schemas() {
  static const RequestSchemas kSchemas = *RequestSchemas::from_openapi(openapi_document());
  return kSchemas;
}

void check_plain_verification(std::string_view text, const json* body) {
  const auto plain = parse_plain_verify_request(text);
  if (!plain) return;
  if (body == nullptr || !schemas().validate("/v2/keys.verifyKey", *body).empty()) std::abort();
  Call call;
  call.body = *body;
  if (verify_request_of(call) != *plain) std::abort();
}

void check_validation(const json& body) {
  static const std::vector<std::string> kPaths = schemas().paths();
  for (const std::string& path : kPaths) {
    const auto errors = schemas().validate(path, body);
    if (errors.size() > 20) std::abort();
    for (const FieldError& error : errors) {
      // Throws, and so ends the run, when a text is not UTF-8.
      if ((json(error.message).dump() + json(error.location).dump() + json(error.fix).dump()).empty()) std::abort();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const auto value = parse_json(body);
  if (value.has_value() != json::accept(body) && !may_differ(body)) std::abort();
  check_plain_verification(body, value ? &*value : nullptr);
  if (!value) {
    if (!value.error().where.starts_with("byte ") || std::stoull(value.error().where.substr(5)) > size) std::abort();
    return 0;
  }
  if (*parse_json(value->dump()) != *value) std::abort();
  check_validation(*value);
  return 0;
}
