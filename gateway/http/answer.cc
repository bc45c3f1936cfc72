#include "gateway/http/answer.h"

#include <array>
#include <charconv>

#include "gateway/http/characters.h"

namespace keyfold::http {
namespace {

// The statuses in use, ready made; the reason phrase has no meaning to anyone (RFC 9112, 4).
std::string_view known_status_line(int status) {
  switch (status) {
    case 200:
      return "HTTP/1.1 200 OK\r\n";
    case 201:
      return "HTTP/1.1 201 Created\r\n";
    case 204:
      return "HTTP/1.1 204 No Content\r\n";
    case 304:
      return "HTTP/1.1 304 Not Modified\r\n";
    case 400:
      return "HTTP/1.1 400 Bad Request\r\n";
    case 401:
      return "HTTP/1.1 401 Unauthorized\r\n";
    case 403:
      return "HTTP/1.1 403 Forbidden\r\n";
    case 404:
      return "HTTP/1.1 404 Not Found\r\n";
    case 405:
      return "HTTP/1.1 405 Method Not Allowed\r\n";
    case 408:
      return "HTTP/1.1 408 Request Timeout\r\n";
    case 409:
      return "HTTP/1.1 409 Conflict\r\n";
    case 412:
      return "HTTP/1.1 412 Precondition Failed\r\n";
    case 413:
      return "HTTP/1.1 413 Content Too Large\r\n";
    case 417:
      return "HTTP/1.1 417 Expectation Failed\r\n";
    case 422:
      return "HTTP/1.1 422 Unprocessable Content\r\n";
    case 429:
      return "HTTP/1.1 429 Too Many Requests\r\n";
    case 431:
      return "HTTP/1.1 431 Request Header Fields Too Large\r\n";
    case 500:
      return "HTTP/1.1 500 Internal Server Error\r\n";
    case 501:
      return "HTTP/1.1 501 Not Implemented\r\n";
    case 503:
      return "HTTP/1.1 503 Service Unavailable\r\n";
    case 505:
      return "HTTP/1.1 505 HTTP Version Not Supported\r\n";
    default:
      return {};
  }
}

template <class Integer>
void append_number(std::string& out, Integer number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

void append_status_line(std::string& out, int status) {
  if (const auto line = known_status_line(status); !line.empty()) {
    out += line;
    return;
  }
  out += "HTTP/1.1 ";
  append_number(out, status);
  out += " \r\n";
}

void append_headers(std::string& out, const Response& response) {
  for (const auto& [name, value] : response.headers) {
    if (name.empty() || !all_in(name, kTokenCharacter) || !all_in(value, kFieldCharacter)) continue;
    out += name;
    out += ": ";
    out += value;
    out += "\r\n";
  }
}

}  // namespace

void append_answer(std::string& out, const Response& response, const AnswerFraming& framing, std::string_view date) {
  const bool no_length = response.status < 200 || response.status == 204 || framing.streamed;
  const bool no_content = !framing.streamed && (no_length || response.status == 304);
  append_status_line(out, response.status);
  if (!no_content) {
    out += "Content-Type: ";
    out += response.content_type;
    out += "\r\n";
  }
  if (!no_length) {
    out += "Content-Length: ";
    append_number(out, response.body.size());
    out += "\r\n";
  } else if (framing.streamed && !framing.http_1_0) {
    out += "Transfer-Encoding: chunked\r\n";
  }
  out += "Date: ";
  out += date;
  append_headers(out += "\r\n", response);
  if (framing.close) {
    out += "Connection: close\r\n";
  } else if (framing.http_1_0) {
    out += "Connection: keep-alive\r\n";
  }
  out += "\r\n";
  if (!no_content && !framing.head_only && !framing.streamed) out += response.body;
}

std::string_view DateCache::at(std::time_t now_s) {
  if (now_s != formatted_s_) {
    std::tm parts{};
    gmtime_r(&now_s, &parts);
    std::array<char, 40> text;
    // The C locale's names, as the format wants: nothing here ever sets another.
    text_.assign(text.data(), std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts));
    formatted_s_ = now_s;
  }
  return text_;
}

}  // namespace keyfold::http
