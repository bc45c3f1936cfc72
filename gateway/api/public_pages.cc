#include "gateway/api/public_pages.h"

#include "gateway/api/api_error.h"
#include "gateway/api/embedded_files.h"
#include "gateway/api/endpoint.h"
#include "gateway/api/schema_document.h"
#include "gateway/api/schemas.h"

namespace keyfold::api {
namespace {

http::Response message_page(const std::string& request_id, std::string_view message) {
  return {.body = render_envelope(request_id, Json{{"message", message}}.dump(), nullptr)};
}

http::Response ok_page(const std::string& request_id) { return message_page(request_id, "OK"); }

http::Response document(std::string_view content_type, std::string_view body) {
  return {.content_type = content_type,
          .body = std::string(body),
          .headers = {{"X-Content-Type-Options", "nosniff"},
                      // Nothing from elsewhere is loaded or run, and no other site may frame the page.
                      {"Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'"}}};
}

std::string_view openapi_json() {
  static const std::string kText = parse_yaml(openapi_document()).value_or(nlohmann::json::object()).dump();
  return kText;
}

constexpr PublicPage kPublicPages[] = {
    {"/v2/liveness", [](const std::string& id) { return message_page(id, "keyfold is alive and well"); }},
    {"/health/live", ok_page},
    {"/health/ready", ok_page},
    {"/health/startup", ok_page},
    {"/openapi.yaml", [](const std::string&) { return document("application/yaml", openapi_document()); }},
    {"/openapi.json", [](const std::string&) { return document("application/json", openapi_json()); }},
    {"/reference", [](const std::string&) { return document("text/html; charset=utf-8", reference_html()); }},
    {"/reference/page.css", [](const std::string&) { return document("text/css; charset=utf-8", reference_css()); }},
    {"/reference/page.js",
     [](const std::string&) { return document("text/javascript; charset=utf-8", reference_js()); }},
};

}  // namespace

std::span<const PublicPage> public_pages() { return kPublicPages; }

}  // namespace keyfold::api
