#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tl/expected.hpp>

#include "gateway/http/message.h"

namespace keyfold::http {

/// Why a request is refused before any handler sees it. The connection ends after the answer.
struct Refusal {
  int status = 400;
  std::string_view reason;  // a literal, for people
};

/// What a request's head says about its body and its connection.
struct Framing {
  std::uint64_t content_length = 0;  // of a body that is not chunked; saturates
  bool chunked = false;
  bool keep_alive = false;        // RFC 9112, 9.3
  bool http_1_0 = false;          // else 1.1
  bool expects_continue = false;  // RFC 9110, 10.1.1; never with HTTP/1.0
};

/// Parses a complete head: request line and field lines, each ended by CR LF, and the empty line. Fills all of
/// `request` but body and peer with views into `head`. Refuses what RFC 9112 leaves in doubt, because a proxy in front
/// may read it otherwise: 400; 431 above `header_count_max` fields; 501 for an unknown transfer coding; 505 for an
/// unknown version; 417 for an unknown expectation.
[[nodiscard]] tl::expected<Framing, Refusal> parse_head(std::string_view head, std::size_t header_count_max,
                                                        Request& request);

/// One field line without its CR LF as name and trimmed value; 400 when it is none. Used for trailers, too.
[[nodiscard]] tl::expected<std::pair<std::string_view, std::string_view>, Refusal> parse_field(std::string_view line);

}  // namespace keyfold::http
