#include "gateway/api/schemas.h"

#include <map>

#include "gateway/api/schema_compiler.h"
#include "gateway/api/schema_document.h"
#include "gateway/api/schema_validator.h"

namespace keyfold::api {
namespace {

constexpr std::size_t kErrorsMax = 20;

}  // namespace

struct RequestSchemas::Impl {
  std::map<std::string, Schema, std::less<>> by_path;
};

RequestSchemas::RequestSchemas(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RequestSchemas::RequestSchemas(RequestSchemas&&) noexcept = default;
RequestSchemas& RequestSchemas::operator=(RequestSchemas&&) noexcept = default;
RequestSchemas::~RequestSchemas() = default;

Result<RequestSchemas> RequestSchemas::from_openapi(std::string_view yaml) {
  const auto document = parse_yaml(yaml);
  if (!document) return tl::unexpected<Error>(document.error());
  const auto paths = document->find("paths");
  if (paths == document->end() || !paths->is_object()) {
    return fail(ErrorCode::kInvalidArgument, "the document has no paths", "/paths");
  }
  auto impl = std::make_unique<Impl>();
  for (const auto& [path, item] : paths->items()) {
    if (!item.contains("post")) continue;
    auto schema = compile_schema(
        *document, "/paths/" + escape_pointer(path) + "/post/requestBody/content/application~1json/schema");
    if (!schema) return tl::unexpected<Error>(std::move(schema.error()));
    impl->by_path.emplace(path, *std::move(schema));
  }
  return RequestSchemas(std::move(impl));
}

std::vector<std::string> RequestSchemas::paths() const {
  std::vector<std::string> paths;
  for (const auto& [path, schema] : impl_->by_path) paths.push_back(path);
  return paths;
}

std::vector<FieldError> RequestSchemas::validate(std::string_view path, const nlohmann::json& body) const {
  const auto found = impl_->by_path.find(path);
  if (found == impl_->by_path.end()) return {{"requestBody", "this path takes no body", {}}};
  return find_errors(found->second, body, kErrorsMax);
}

}  // namespace keyfold::api
