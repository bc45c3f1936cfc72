#include "gateway/http/request_head.h"

#include <strings.h>

#include <limits>
#include <optional>

#include "gateway/http/characters.h"

namespace keyfold::http {
namespace {

using MaybeRefusal = std::optional<Refusal>;

constexpr Refusal bad(std::string_view reason) { return {400, reason}; }

bool same_word(std::string_view text, std::string_view word) {
  return text.size() == word.size() && strncasecmp(text.data(), word.data(), word.size()) == 0;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Cuts the first line off `text`, which holds at least one, and returns it without CR LF.
std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  const auto line = text.substr(0, end - 1);
  text.remove_prefix(end + 1);
  return line;
}

// RFC 9112, 3.2: origin-form, absolute-form or, for OPTIONS only, asterisk-form.
MaybeRefusal parse_target(std::string_view target, Request& request) {
  if (!all_in(target, kTargetCharacter)) return bad("the request target has a character that needs escaping");
  if (target == "*" && request.method == "OPTIONS") {
    request.path = target;
    request.query = {};
    return std::nullopt;
  }
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (target.size() <= scheme.size() || !same_word(target.substr(0, scheme.size()), scheme)) continue;
    const auto slash = target.find_first_of("/?", scheme.size());
    if (slash == scheme.size()) return bad("the request target has no host");
    target = slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
    if (target.front() == '?') return bad("the request target has no path");
    break;
  }
  if (!target.starts_with('/')) return bad("the request target is not a path");
  const auto mark = target.find('?');
  request.path = target.substr(0, mark);
  request.query = mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
  return std::nullopt;
}

bool is_version(std::string_view text) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return text.size() == 8 && text.starts_with("HTTP/") && digit(text[5]) && text[6] == '.' && digit(text[7]);
}

MaybeRefusal parse_request_line(std::string_view line, Request& request, Framing& framing) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return bad("the request line has not three parts");
  request.method = line.substr(0, first);
  if (request.method.empty() || !all_in(request.method, kTokenCharacter)) return bad("the method is not a token");
  const auto version = line.substr(last + 1);
  if (!is_version(version)) return bad("the request line does not end with an HTTP version");
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return Refusal{505, "only HTTP/1.1 and HTTP/1.0 are spoken here"};
  framing.http_1_0 = version.back() == '0';
  return parse_target(line.substr(first + 1, last - first - 1), request);
}

// The fields that decide about framing, gathered over all lines.
struct FramingFields {
  int hosts = 0;
  int content_lengths = 0;
  int transfer_encodings = 0;
  bool close = false;
  bool keep_alive = false;

  MaybeRefusal see(std::string_view name, std::string_view value, Framing& framing);
  MaybeRefusal check(Framing& framing) const;

 private:
  MaybeRefusal see_content_length(std::string_view value, Framing& framing);
  void see_connection(std::string_view value);
};

MaybeRefusal FramingFields::see_content_length(std::string_view value, Framing& framing) {
  if (++content_lengths > 1) return bad("Content-Length is repeated");
  if (value.empty()) return bad("Content-Length is empty");
  std::uint64_t length = 0;
  for (const char c : value) {
    if (c < '0' || c > '9') return bad("Content-Length is not a number");
    constexpr auto kMax = std::numeric_limits<std::uint64_t>::max();
    const auto digit = static_cast<std::uint64_t>(c - '0');
    length = length > (kMax - digit) / 10 ? kMax : length * 10 + digit;
  }
  framing.content_length = length;
  return std::nullopt;
}

void FramingFields::see_connection(std::string_view value) {
  while (!value.empty()) {
    const auto comma = value.find(',');
    const auto option = trim(value.substr(0, comma));
    close = close || same_word(option, "close");
    keep_alive = keep_alive || same_word(option, "keep-alive");
    value.remove_prefix(comma == std::string_view::npos ? value.size() : comma + 1);
  }
}

MaybeRefusal FramingFields::see(std::string_view name, std::string_view value, Framing& framing) {
  switch (name.size()) {  // the length alone rules nearly all fields out
    case 4:
      if (!same_word(name, "Host")) return std::nullopt;
      if (++hosts > 1) return bad("Host is repeated");
      if (!all_in(value, kHostCharacter)) return bad("Host is not a host");
      return std::nullopt;
    case 6:
      if (!same_word(name, "Expect")) return std::nullopt;
      if (!same_word(value, "100-continue")) return Refusal{417, "the only expectation known here is 100-continue"};
      framing.expects_continue = true;
      return std::nullopt;
    case 10:
      if (same_word(name, "Connection")) see_connection(value);
      return std::nullopt;
    case 14:
      return same_word(name, "Content-Length") ? see_content_length(value, framing) : std::nullopt;
    case 17:
      if (!same_word(name, "Transfer-Encoding")) return std::nullopt;
      if (++transfer_encodings > 1) return bad("Transfer-Encoding is repeated");
      if (value.empty()) return bad("Transfer-Encoding is empty");
      if (!same_word(value, "chunked")) return Refusal{501, "the only transfer coding known here is chunked"};
      framing.chunked = true;
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

MaybeRefusal FramingFields::check(Framing& framing) const {
  if (framing.chunked && content_lengths > 0) return bad("both Transfer-Encoding and Content-Length");
  if (framing.chunked && framing.http_1_0) return bad("Transfer-Encoding with HTTP/1.0");
  if (!framing.http_1_0 && hosts == 0) return bad("Host is missing");
  framing.keep_alive = !close && (!framing.http_1_0 || keep_alive);
  framing.expects_continue = framing.expects_continue && !framing.http_1_0;
  return std::nullopt;
}

}  // namespace

tl::expected<std::pair<std::string_view, std::string_view>, Refusal> parse_field(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return tl::unexpected(bad("a header line has no colon"));
  const auto name = line.substr(0, colon);
  // Also catches a folded line (it starts with a space) and a space before the colon.
  if (name.empty() || !all_in(name, kTokenCharacter)) return tl::unexpected(bad("a header's name is not a token"));
  const auto value = trim(line.substr(colon + 1));
  if (!all_in(value, kFieldCharacter)) return tl::unexpected(bad("a header's value has a control character"));
  return std::pair(name, value);
}

tl::expected<Framing, Refusal> parse_head(std::string_view head, std::size_t header_count_max, Request& request) {
  Framing framing;
  FramingFields fields;
  request.headers.clear();
  if (const auto refusal = parse_request_line(take_line(head), request, framing)) return tl::unexpected(*refusal);
  for (auto line = take_line(head); !line.empty(); line = take_line(head)) {
    if (request.headers.size() == header_count_max) return tl::unexpected(Refusal{431, "too many headers"});
    const auto field = parse_field(line);
    if (!field) return tl::unexpected(field.error());
    if (const auto refusal = fields.see(field->first, field->second, framing)) return tl::unexpected(*refusal);
    request.headers.push_back(*field);
  }
  if (const auto refusal = fields.check(framing)) return tl::unexpected(*refusal);
  return framing;
}

}  // namespace keyfold::http
