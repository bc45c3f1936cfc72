#pragma once

#include <span>
#include <string>
#include <string_view>

#include "gateway/http/message.h"

namespace keyfold::api {

/// A document without credentials, answered to GET and HEAD.
struct PublicPage {
  std::string_view path;
  http::Response (*render)(const std::string& request_id);
};

/// Liveness and health, the OpenAPI document (as YAML and as JSON), and the reference page that shows it.
[[nodiscard]] std::span<const PublicPage> public_pages();

}  // namespace keyfold::api
