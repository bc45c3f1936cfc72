#pragma once

#include <ctime>
#include <string>
#include <string_view>

#include "gateway/http/message.h"

namespace keyfold::http {

/// How an answer is framed for the request that it answers.
struct AnswerFraming {
  bool head_only = false;  // the request was HEAD: Content-Length as for GET, no body
  bool close = false;      // "Connection: close"
  bool http_1_0 = false;   // then a connection that stays open says so
  bool streamed = false;   // the body comes later, in chunks or, with HTTP/1.0, until the connection's end
};

/// Appends the whole answer to `out`: status line, Content-Type, Content-Length, Date, the answer's own headers,
/// Connection, body. Leaves out headers that would break the framing: a name that is no token, a value with control
/// characters. Statuses without content (1xx, 204, 304) get no body, 1xx and 204 no Content-Length either
/// (RFC 9110, 8.6). Of a streamed answer, the head alone.
void append_answer(std::string& out, const Response& response, const AnswerFraming& framing, std::string_view date);

/// The Date header's value (RFC 9110, 5.6.7), formatted once a second. Not thread-safe.
class DateCache {
 public:
  /// Valid until the next call.
  [[nodiscard]] std::string_view at(std::time_t now_s);

 private:
  std::time_t formatted_s_ = -1;
  std::string text_;
};

}  // namespace keyfold::http
