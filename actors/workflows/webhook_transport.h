#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace keyfold::actors {

/// A POST of JSON to whatever URL a webhook names.
struct WebhookRequest {
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

/// What came of it.
struct WebhookAnswer {
  int status = 0;     // 0: no answer
  std::string error;  // why there was none
  std::optional<std::int64_t> retry_after_ms;
  std::string excerpt;  // the beginning of the answer's body
  std::int64_t duration_ms = 0;
};

/// Sends requests. Thread-safe.
class WebhookTransport {
 public:
  virtual ~WebhookTransport() = default;
  /// Never blocks. `done` is called once, on a thread of the transport, and must not block.
  virtual void send(WebhookRequest request, std::function<void(WebhookAnswer)> done) = 0;
};

}  // namespace keyfold::actors
