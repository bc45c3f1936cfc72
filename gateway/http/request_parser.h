#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "gateway/http/chunked_decoder.h"
#include "gateway/http/message.h"
#include "gateway/http/request_head.h"

namespace keyfold::http {

/// A request with what its connection needs to know for the answer. Made once and reused, since it keeps its headers'
/// capacity.
struct ParsedRequest {
  Request request;  // all but `peer`
  bool keep_alive = false;
  bool http_1_0 = false;
};

/// Bounds of a single request; see http::Limits.
struct ParserLimits {
  std::size_t body_bytes_max;
  std::size_t header_bytes_max;  // request line, headers and line ends; trailers, counted apart
  std::size_t header_count_max;
};

/// Cuts the bytes of one connection into requests, whatever the pieces in which they arrive; the result does not depend
/// on the pieces. Knows no sockets. Holds memory only while a request is incomplete: complete requests are views into
/// the piece itself. Not thread-safe.
///
///     parser.feed(piece);
///     while (parser.next(parsed) == Outcome::kRequest) { ... }
///     parser.keep();  // now `piece` may be used again
class RequestParser {
 public:
  enum class Outcome {
    kRequest,   // a complete request
    kNeedMore,  // the input ends before the request does
    kRefused,   // see `refusal`; final
  };
  enum class Phase { kBetweenRequests, kHead, kBody };

  explicit RequestParser(const ParserLimits& limits) : limits_(limits) {}
  // The window may point into the parser's own memory.
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  /// Takes the next piece, which may be empty and is written to (chunked bodies are decoded in place). It must stay
  /// valid until `keep`.
  void feed(std::span<char> piece);
  /// The next request. Its views are valid until the next call of `next` or `keep`.
  [[nodiscard]] Outcome next(ParsedRequest& parsed);
  /// Copies what has not been returned yet, and gives memory back when there is nothing.
  void keep();

  [[nodiscard]] Refusal refusal() const { return *refusal_; }
  /// How far the request goes that has begun; complete requests not yet asked for count as a head.
  [[nodiscard]] Phase phase() const;
  /// The client waits for "100 Continue" before it sends the body (RFC 9110, 10.1.1).
  [[nodiscard]] bool awaits_continue() const { return framing_ && framing_->expects_continue; }
  void continue_sent() { framing_->expects_continue = false; }

 private:
  struct Body {  // offsets into the window
    std::size_t begin;
    std::size_t end;
    std::size_t request_end;
  };

  // The steps of `next`; kRequest: go on.
  [[nodiscard]] Outcome find_head_end();
  [[nodiscard]] Outcome skip_empty_line();
  [[nodiscard]] Outcome parse_framing(Request& request);
  [[nodiscard]] std::optional<Body> take_body();
  [[nodiscard]] Outcome refuse(Refusal refusal);
  void start_over(std::size_t begin);
  [[nodiscard]] std::string_view head() const { return {window_.data() + begin_, head_end_ - begin_}; }

  ParserLimits limits_;
  std::string kept_;        // what `keep` copied
  std::span<char> window_;  // the bytes at hand: the piece, or kept_ with the piece appended

  // Of the request that has begun; offsets into the window.
  std::size_t begin_ = 0;
  std::size_t line_ = 0;                   // start of the head's last incomplete line
  std::size_t scanned_ = 0;                // no line end between `line_` and here
  std::size_t head_end_ = 0;               // once framing_ is there
  bool empty_line_skipped_ = false;        // before the request line
  std::optional<Framing> framing_;         // once the head is complete
  std::optional<ChunkedDecoder> chunked_;  // while the body is chunked
  std::optional<Refusal> refusal_;
};

}  // namespace keyfold::http
