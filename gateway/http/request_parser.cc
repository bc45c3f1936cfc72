#include "gateway/http/request_parser.h"

#include <algorithm>
#include <cstring>

#include "gateway/http/characters.h"

namespace keyfold::http {

void RequestParser::feed(std::span<char> piece) {
  if (kept_.empty()) {
    window_ = piece;
  } else {
    kept_.append(piece.data(), piece.size());
    window_ = kept_;
  }
}

void RequestParser::keep() {
  // A chunked body's gap between decoded and raw bytes goes, too, so that tiny chunks can't pile up.
  const std::size_t decoded_end = chunked_ ? chunked_->body_end() : begin_;
  const std::size_t raw = chunked_ ? chunked_->raw() : begin_;
  if (begin_ == window_.size()) {
    std::string().swap(kept_);
  } else if (window_.data() == kept_.data()) {
    kept_.erase(decoded_end, raw - decoded_end);
    kept_.erase(0, begin_);
  } else {
    kept_.assign(window_.data() + begin_, decoded_end - begin_);
    kept_.append(window_.data() + raw, window_.size() - raw);
  }
  if (chunked_) chunked_->squeeze(begin_);
  line_ -= begin_;
  scanned_ -= begin_;
  head_end_ -= std::min(begin_, head_end_);
  begin_ = 0;
  window_ = kept_;
}

RequestParser::Phase RequestParser::phase() const {
  if (framing_) return Phase::kBody;
  return begin_ == window_.size() ? Phase::kBetweenRequests : Phase::kHead;
}

RequestParser::Outcome RequestParser::next(ParsedRequest& parsed) {
  if (refusal_) return Outcome::kRefused;
  const bool head_is_new = !framing_;
  if (head_is_new) {
    if (const auto found = find_head_end(); found != Outcome::kRequest) return found;
    if (const auto framed = parse_framing(parsed.request); framed != Outcome::kRequest) return framed;
  }
  const auto body = take_body();
  if (!body) return refusal_ ? Outcome::kRefused : Outcome::kNeedMore;
  // When the body came later than the head, the head's views are gone: parsing again is cheaper than keeping them.
  if (!head_is_new) static_cast<void>(parse_head(head(), limits_.header_count_max, parsed.request));
  parsed.request.body = {window_.data() + body->begin, body->end - body->begin};
  parsed.keep_alive = framing_->keep_alive;
  parsed.http_1_0 = framing_->http_1_0;
  start_over(body->request_end);
  return Outcome::kRequest;
}

// Each line must end with CR LF: what takes a lone LF for a line end, or a lone CR, sees other lines than we do.
RequestParser::Outcome RequestParser::find_head_end() {
  if (const auto begun = skip_empty_line(); begun != Outcome::kRequest) return begun;
  const char* const data = window_.data();
  const std::size_t end = std::min(window_.size(), begin_ + limits_.header_bytes_max);
  while (true) {
    const void* const found = scanned_ < end ? std::memchr(data + scanned_, '\n', end - scanned_) : nullptr;
    if (found == nullptr) break;
    const auto line_end = static_cast<std::size_t>(static_cast<const char*>(found) - data);
    if (line_end == line_ || data[line_end - 1] != '\r') return refuse({400, "a line of the head ends without CR"});
    const bool empty = line_end - 1 == line_;
    line_ = scanned_ = line_end + 1;
    if (empty) return Outcome::kRequest;
  }
  scanned_ = end;
  if (end - begin_ == limits_.header_bytes_max) return refuse({431, "the headers are too large"});
  return Outcome::kNeedMore;
}

// RFC 9112, 2.2: one empty line before the request line is ignored, for the sake of old clients. What can't begin a
// request, such as a TLS handshake, is refused at its first byte.
RequestParser::Outcome RequestParser::skip_empty_line() {
  if (scanned_ > begin_) return Outcome::kRequest;  // the request line has begun
  const std::string_view input(window_.data() + begin_, window_.size() - begin_);
  if (input.empty() || (input == "\r" && !empty_line_skipped_)) return Outcome::kNeedMore;
  if (input.starts_with("\r\n") && !empty_line_skipped_) {
    const auto after = begin_ + 2;
    start_over(after);
    empty_line_skipped_ = true;
    return skip_empty_line();
  }
  if (!is_in(input.front(), kTokenCharacter)) return refuse({400, "this does not begin like a request"});
  return Outcome::kRequest;
}

RequestParser::Outcome RequestParser::parse_framing(Request& request) {
  head_end_ = line_;
  const auto framing = parse_head(head(), limits_.header_count_max, request);
  if (!framing) return refuse(framing.error());
  if (framing->content_length > limits_.body_bytes_max) return refuse({413, "the body is too large"});
  framing_ = *framing;
  if (framing->chunked) chunked_.emplace(head_end_, limits_.body_bytes_max, limits_.header_bytes_max);
  return Outcome::kRequest;
}

// The body's place in the window once it is complete.
std::optional<RequestParser::Body> RequestParser::take_body() {
  if (!chunked_) {
    const auto length = static_cast<std::size_t>(framing_->content_length);
    if (window_.size() - head_end_ < length) return std::nullopt;
    return Body{head_end_, head_end_ + length, head_end_ + length};
  }
  switch (chunked_->decode(window_)) {
    case ChunkedDecoder::State::kNeedMore:
      return std::nullopt;
    case ChunkedDecoder::State::kRefused:
      refusal_ = chunked_->refusal();
      return std::nullopt;
    case ChunkedDecoder::State::kDone:
      break;
  }
  return Body{chunked_->body_begin(), chunked_->body_end(), chunked_->raw()};
}

void RequestParser::start_over(std::size_t begin) {
  begin_ = line_ = scanned_ = begin;
  empty_line_skipped_ = false;
  framing_.reset();
  chunked_.reset();
}

RequestParser::Outcome RequestParser::refuse(Refusal refusal) {
  refusal_ = refusal;
  return Outcome::kRefused;
}

}  // namespace keyfold::http
