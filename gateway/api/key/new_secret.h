#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "schemas/base/hash.h"

namespace keyfold::api {

/// Random bytes in a secret, where neither the request nor the keyspace says how many.
inline constexpr std::uint32_t kSecretBytes = 16;

/// The whole text of a new key, which only its holder keeps, and what keyfold keeps of it.
struct NewSecret {
  std::string text;   // `prefix_` and Base58, or Base58 alone
  std::string start;  // up to and with the fourth random character
  Digest hash{};
};

/// Draws that many random bytes. Thread-safe.
[[nodiscard]] NewSecret make_secret(std::string_view prefix, std::uint32_t byte_length);

}  // namespace keyfold::api
