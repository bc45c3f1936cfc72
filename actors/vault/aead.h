#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "schemas/base/result.h"

namespace keyfold::actors {

inline constexpr std::size_t kAeadKeyBytes = 32;
inline constexpr std::size_t kAeadNonceBytes = 12;
inline constexpr std::size_t kAeadTagBytes = 16;
inline constexpr std::size_t kAeadPlaintextBytesMax = std::size_t{16} * 1024 * 1024;

/// AES-256-GCM's output.
struct AeadBox {
  std::string nonce;
  std::string ciphertext;  // with the tag at its end
};

/// Encrypts under a fresh random nonce: one key is good for 2^32 boxes. kInvalidArgument above the size limit.
/// Thread-safe.
[[nodiscard]] Result<AeadBox> aead_seal(std::string_view key, std::string_view additional_data,
                                        std::string_view plaintext);

/// kDataLoss when the nonce, the ciphertext or the additional data is not what was sealed under this key. Thread-safe.
[[nodiscard]] Result<std::string> aead_open(std::string_view key, std::string_view additional_data,
                                            std::string_view nonce, std::string_view ciphertext);

/// The parts, each behind its 8-byte length: two lists of parts never give the same bytes.
[[nodiscard]] std::string join_with_lengths(std::initializer_list<std::string_view> parts);

}  // namespace keyfold::actors
