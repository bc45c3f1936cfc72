#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "gateway/http/request_head.h"

namespace keyfold::http {

/// Decodes a chunked body (RFC 9112, 7.1) in place: the chunks' data moves together over the chunk lines between them,
/// so that the body ends as one range. Extensions and trailers are checked, bounded and dropped.
///
/// Positions are offsets into the window given to `decode`, which may grow between calls.
class ChunkedDecoder {
 public:
  enum class State { kNeedMore, kDone, kRefused };

  /// The body starts at `begin`, its data may grow to `body_bytes_max`, its trailers to `trailer_bytes_max`.
  ChunkedDecoder(std::size_t begin, std::size_t body_bytes_max, std::size_t trailer_bytes_max)
      : body_begin_(begin),
        body_end_(begin),
        raw_(begin),
        body_bytes_max_(body_bytes_max),
        trailer_bytes_max_(trailer_bytes_max) {}

  /// Decodes as far as `window` goes. Refuses with 400 what is no chunked body, with 413 a body and with 431 trailers
  /// above the limit; the state is final then.
  [[nodiscard]] State decode(std::span<char> window);

  [[nodiscard]] Refusal refusal() const { return refusal_; }
  /// The decoded body is [body_begin, body_end) of the window, what has not been decoded yet starts at `raw`: behind
  /// the request when done.
  [[nodiscard]] std::size_t body_begin() const { return body_begin_; }
  [[nodiscard]] std::size_t body_end() const { return body_end_; }
  [[nodiscard]] std::size_t raw() const { return raw_; }

  /// The window lost its first `prefix` bytes, which lie before the body, and the gap between `body_end` and `raw`.
  void squeeze(std::size_t prefix);

 private:
  enum class Expect { kSizeLine, kData, kDataEnd, kTrailer };

  [[nodiscard]] bool step(std::span<char> window);
  [[nodiscard]] bool take_size_line(std::string_view input);
  [[nodiscard]] bool take_data(std::span<char> window);
  [[nodiscard]] bool take_data_end(std::string_view input);
  [[nodiscard]] bool take_trailer(std::string_view input);
  [[nodiscard]] std::optional<std::string_view> take_line(std::string_view input, std::size_t bytes_max,
                                                          Refusal too_long);
  [[nodiscard]] bool refuse(Refusal refusal);

  std::size_t body_begin_;
  std::size_t body_end_;
  std::size_t raw_;
  std::size_t body_bytes_max_;
  std::size_t trailer_bytes_max_;  // still allowed
  std::uint64_t chunk_left_ = 0;   // bytes of the current chunk not seen yet
  Expect expect_ = Expect::kSizeLine;
  State state_ = State::kNeedMore;
  Refusal refusal_;
};

}  // namespace keyfold::http
