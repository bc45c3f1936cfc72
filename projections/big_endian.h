#pragma once

#include <cstdint>
#include <string>
#include <string_view>

// The order of row keys. Numbers in them are big endian, so that the order of bytes is the order of numbers.
namespace keyfold::projections {

/// The lowest `size` bytes of the number.
[[nodiscard]] inline std::string to_big_endian(std::uint64_t number, std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = size; i > 0; --i, number >>= 8) bytes[i - 1] = static_cast<char>(number & 0xff);
  return bytes;
}

/// The number that at most 8 bytes spell.
[[nodiscard]] inline std::uint64_t from_big_endian(std::string_view bytes) {
  std::uint64_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

/// The first key after all that begin with `prefix`; empty when there is none.
[[nodiscard]] inline std::string end_of(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

}  // namespace keyfold::projections
