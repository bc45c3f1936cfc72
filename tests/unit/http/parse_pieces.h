#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/http/request_parser.h"

namespace keyfold::http {

/// All that can be told of some bytes: the requests in them and how they end.
struct Parsed {
  std::vector<std::string> requests;  // one readable line each
  int refused = 0;                    // the refusal's status, 0 for none
  std::string reason;
  RequestParser::Phase phase = RequestParser::Phase::kBetweenRequests;

  friend bool operator==(const Parsed&, const Parsed&) = default;
};

inline std::string describe(const ParsedRequest& parsed) {
  const auto& request = parsed.request;
  std::string text(request.method);
  text.append(" ").append(request.path).append(" ?").append(request.query);
  for (const auto& [name, value] : request.headers)
    text.append(" [").append(name).append("=").append(value).append("]");
  text.append(parsed.http_1_0 ? " 1.0" : " 1.1").append(parsed.keep_alive ? " keep " : " close ");
  return text.append(request.body);
}

/// Feeds each piece from memory of its own, which is gone when the next one comes.
inline Parsed parse_pieces(const std::vector<std::string_view>& pieces, const ParserLimits& limits) {
  RequestParser parser(limits);
  Parsed result;
  ParsedRequest parsed;
  for (const auto piece : pieces) {
    std::vector<char> own(piece.begin(), piece.end());
    parser.feed(own);
    auto outcome = parser.next(parsed);
    for (; outcome == RequestParser::Outcome::kRequest; outcome = parser.next(parsed)) {
      result.requests.push_back(describe(parsed));
    }
    if (outcome == RequestParser::Outcome::kRefused) {
      result.refused = parser.refusal().status;
      result.reason = parser.refusal().reason;
      return result;
    }
    parser.keep();
  }
  result.phase = parser.phase();
  return result;
}

}  // namespace keyfold::http
