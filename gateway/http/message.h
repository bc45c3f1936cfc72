#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace keyfold::http {

/// A complete request. All views point into the connection's buffer and end with the handler's call: a handler that
/// completes later copies what it needs.
struct Request {
  std::string_view method;  // as sent, e.g. "POST"
  std::string_view path;    // the target without its query, e.g. "/v2/keys.verifyKey"
  std::string_view query;   // without '?'; may be empty
  std::string_view body;
  std::string_view peer;  // the socket's remote address without port, e.g. "127.0.0.1"
  std::vector<std::pair<std::string_view, std::string_view>> headers;  // in order, values trimmed

  /// The first header of that name (any letter case); nothing when absent.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
  /// The client's address: the first non-empty entry of X-Forwarded-For without its port, else `peer`.
  [[nodiscard]] std::string_view client_ip() const;
};

/// A complete answer, or the head of a stream. The server adds Content-Length or Transfer-Encoding, Date and Connection
/// itself.
struct Response {
  int status = 200;
  std::string_view content_type = "application/json";  // must outlive the answer: a literal
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  // further ones; usually empty
  bool close = false;                                        // close the connection after this answer
};

}  // namespace keyfold::http
