#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "schemas/base/result.h"

namespace keyfold::ops {

/// Calls the REST API of a keyfold server as the holder of a root key. Every call may block for up to a minute.
class ApiClient {
 public:
  /// `server`: scheme, host and port, e.g. http://127.0.0.1:8080.
  ApiClient(std::string server, std::string root_key) : server_(std::move(server)), root_key_(std::move(root_key)) {}

  /// POST /v2/<operation>; the answer's `data`. kUnavailable without an answer; for an error answer its detail, type
  /// and request id.
  [[nodiscard]] Result<nlohmann::ordered_json> call(const std::string& operation, const nlohmann::json& body) const;
  /// Visits the items of all pages of a list operation, until the visitor returns false.
  [[nodiscard]] Status each(const std::string& operation, nlohmann::json body,
                            const std::function<bool(const nlohmann::ordered_json& item)>& visit) const;
  /// The items of all pages.
  [[nodiscard]] Result<nlohmann::ordered_json> list(const std::string& operation, nlohmann::json body) const;

 private:
  [[nodiscard]] Result<nlohmann::ordered_json> envelope(const std::string& operation, const nlohmann::json& body) const;

  std::string server_;
  std::string root_key_;
};

}  // namespace keyfold::ops
