#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// Lengths and texts in the records of the key index: a length is a varint.
namespace keyfold::projections {

inline void append_length(std::string& out, std::size_t length) {
  for (; length >= 0x80; length >>= 7) out.push_back(static_cast<char>(length | 0x80));
  out.push_back(static_cast<char>(length));
}

/// The length at `at`, which moves on behind it.
[[nodiscard]] inline std::size_t read_length(const char*& at) {
  std::size_t length = 0;
  for (unsigned shift = 0;; shift += 7) {
    const auto byte = static_cast<unsigned char>(*at++);
    length |= std::size_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return length;
  }
}

inline void append_text(std::string& out, std::string_view text) {
  append_length(out, text.size());
  out.append(text);
}

[[nodiscard]] inline std::string_view read_text(const char*& at) {
  const std::size_t size = read_length(at);
  const std::string_view text(at, size);
  at += size;
  return text;
}

}  // namespace keyfold::projections
