#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace keyfold {

using Digest = std::array<std::uint8_t, 32>;

/// SHA-256 of one text, or of several as if they were one. Thread-safe.
[[nodiscard]] Digest sha256(std::string_view data);
[[nodiscard]] Digest sha256(std::initializer_list<std::string_view> parts);
/// HMAC-SHA-256 (RFC 2104). Thread-safe.
[[nodiscard]] Digest hmac_sha256(std::string_view key, std::string_view data);
/// CRC-32C (Castagnoli) by the SSE4.2 instruction; `seed` continues an earlier call.
[[nodiscard]] std::uint32_t crc32c(std::string_view data, std::uint32_t seed = 0);
/// Compares in time that depends on the lengths alone.
[[nodiscard]] bool equal_constant_time(std::string_view a, std::string_view b);

/// The digest's bytes as a view, valid as long as the digest.
[[nodiscard]] inline std::string_view as_view(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace keyfold
