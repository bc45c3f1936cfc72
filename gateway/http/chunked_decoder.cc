#include "gateway/http/chunked_decoder.h"

#include <algorithm>
#include <cstring>

#include "gateway/http/characters.h"

namespace keyfold::http {
namespace {

constexpr std::size_t kSizeLineBytesMax = 256;  // with extensions, which nobody uses
constexpr int kSizeDigitsMax = 15;              // fits 64 bits by far; more digits can't be below any body limit

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// What may follow a chunk's size: nothing, or an extension after optional blanks.
bool is_extension(std::string_view text) {
  if (text.empty()) return true;
  const auto start = text.find_first_not_of(" \t");
  return start != std::string_view::npos && text[start] == ';' && all_in(text, kFieldCharacter);
}

}  // namespace

ChunkedDecoder::State ChunkedDecoder::decode(std::span<char> window) {
  while (state_ == State::kNeedMore && step(window)) {
  }
  return state_;
}

void ChunkedDecoder::squeeze(std::size_t prefix) {
  body_begin_ -= prefix;
  body_end_ -= prefix;
  raw_ = body_end_;
}

// False when the input is used up or the state has become final.
bool ChunkedDecoder::step(std::span<char> window) {
  const std::string_view input(window.data() + raw_, window.size() - raw_);
  switch (expect_) {
    case Expect::kSizeLine:
      return take_size_line(input);
    case Expect::kData:
      return take_data(window);
    case Expect::kDataEnd:
      return take_data_end(input);
    case Expect::kTrailer:
      return take_trailer(input);
  }
  return false;
}

bool ChunkedDecoder::refuse(Refusal refusal) {
  refusal_ = refusal;
  state_ = State::kRefused;
  return false;
}

// A line of at most `bytes_max` bytes with its CR LF, returned without; nothing when it is incomplete or refused.
std::optional<std::string_view> ChunkedDecoder::take_line(std::string_view input, std::size_t bytes_max,
                                                          Refusal too_long) {
  const auto end = input.substr(0, bytes_max).find('\n');
  if (end == std::string_view::npos) {
    if (input.size() >= bytes_max) static_cast<void>(refuse(too_long));
    return std::nullopt;
  }
  if (end == 0 || input[end - 1] != '\r') {
    static_cast<void>(refuse({400, "a line of the chunked body does not end with CR LF"}));
    return std::nullopt;
  }
  raw_ += end + 1;
  return input.substr(0, end - 1);
}

bool ChunkedDecoder::take_size_line(std::string_view input) {
  const auto line = take_line(input, kSizeLineBytesMax, {400, "a chunk's size line is too long"});
  if (!line) return false;
  std::uint64_t size = 0;
  std::size_t digits = 0;
  for (; digits < line->size() && hex_digit((*line)[digits]) >= 0; ++digits) {
    if (digits == kSizeDigitsMax) return refuse({413, "the body is too large"});
    size = size * 16 + static_cast<std::uint64_t>(hex_digit((*line)[digits]));
  }
  if (digits == 0 || !is_extension(line->substr(digits))) return refuse({400, "a chunk's size is not a number"});
  if (size > body_bytes_max_ - (body_end_ - body_begin_)) return refuse({413, "the body is too large"});
  chunk_left_ = size;
  expect_ = size == 0 ? Expect::kTrailer : Expect::kData;
  return true;
}

bool ChunkedDecoder::take_data(std::span<char> window) {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(chunk_left_, window.size() - raw_));
  std::memmove(window.data() + body_end_, window.data() + raw_, size);
  body_end_ += size;
  raw_ += size;
  chunk_left_ -= size;
  if (chunk_left_ > 0) return false;
  expect_ = Expect::kDataEnd;
  return true;
}

bool ChunkedDecoder::take_data_end(std::string_view input) {
  constexpr std::string_view kEnd = "\r\n";
  if (!input.starts_with(kEnd.substr(0, input.size()))) return refuse({400, "a chunk is longer than its size"});
  if (input.size() < kEnd.size()) return false;
  raw_ += kEnd.size();
  expect_ = Expect::kSizeLine;
  return true;
}

bool ChunkedDecoder::take_trailer(std::string_view input) {
  const auto line = take_line(input, trailer_bytes_max_, {431, "the trailers are too large"});
  if (!line) return false;
  trailer_bytes_max_ -= line->size() + 2;
  if (line->empty()) {
    state_ = State::kDone;
    return false;
  }
  if (const auto field = parse_field(*line); !field) return refuse(field.error());
  return true;
}

}  // namespace keyfold::http
