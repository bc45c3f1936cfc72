#include "ops/cli/api_client.h"

#include <httplib.h>

namespace keyfold::ops {
namespace {

using Json = nlohmann::ordered_json;

constexpr time_t kReadTimeoutSeconds = 60;

std::string text_at(const Json& json, const char* pointer) {
  const Json::json_pointer at(pointer);
  return json.contains(at) && json.at(at).is_string() ? json.at(at).get<std::string>() : "";
}

ErrorCode code_of(int status) {
  if (status == 404) return ErrorCode::kNotFound;
  if (status == 429 || status == 503) return ErrorCode::kUnavailable;
  return status < 500 ? ErrorCode::kInvalidArgument : ErrorCode::kInternal;
}

tl::unexpected<Error> refused(const httplib::Response& response, const Json& json) {
  const std::string detail = text_at(json, "/error/detail");
  std::string what = "the server answered " + std::to_string(response.status);
  if (!detail.empty()) what += ": " + detail;
  const std::string request_id = text_at(json, "/meta/requestId");
  return fail(code_of(response.status), std::move(what), text_at(json, "/error/type"),
              request_id.empty() ? "is this a keyfold server?" : "request id " + request_id);
}

}  // namespace

Result<Json> ApiClient::envelope(const std::string& operation, const nlohmann::json& body) const {
  // httplib takes anything without a scheme for a host's name.
  const bool has_scheme = server_.starts_with("http://") || server_.starts_with("https://");
  httplib::Client client(has_scheme ? server_ : "");
  if (!has_scheme || !client.is_valid()) {
    return fail(ErrorCode::kInvalidArgument, "this is not a server's URL", server_, "write http://host:port");
  }
  client.set_read_timeout(kReadTimeoutSeconds);
  const httplib::Headers headers = {{"Authorization", "Bearer " + root_key_}};
  const auto result = client.Post("/v2/" + operation, headers, body.dump(), "application/json");
  if (!result) {
    return fail(ErrorCode::kUnavailable, "the server does not answer: " + to_string(result.error()), server_,
                "check --server and whether it runs");
  }
  Json json = Json::parse(result->body, nullptr, false);
  if (result->status != 200 || !json.is_object() || !json.contains("data")) return refused(*result, json);
  return json;
}

Result<Json> ApiClient::call(const std::string& operation, const nlohmann::json& body) const {
  return envelope(operation, body).map([](const Json& json) { return json.at("data"); });
}

Status ApiClient::each(const std::string& operation, nlohmann::json body,
                       const std::function<bool(const Json& item)>& visit) const {
  while (true) {
    const auto page = envelope(operation, body);
    if (!page) return tl::unexpected(page.error());
    for (const Json& item : page->at("data")) {
      if (!visit(item)) return {};
    }
    const std::string cursor = text_at(*page, "/pagination/cursor");
    if (cursor.empty()) return {};
    body["cursor"] = cursor;
  }
}

Result<Json> ApiClient::list(const std::string& operation, nlohmann::json body) const {
  Json items = Json::array();
  const Status listed = each(operation, std::move(body), [&items](const Json& item) {
    items.push_back(item);
    return true;
  });
  if (!listed) return tl::unexpected(listed.error());
  return items;
}

}  // namespace keyfold::ops
