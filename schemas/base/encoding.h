#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace keyfold {

/// Lower-case hexadecimal.
[[nodiscard]] std::string to_hex(std::string_view bytes);
/// The bytes, or nothing when the text is not hexadecimal of even length.
[[nodiscard]] std::optional<std::string> from_hex(std::string_view text);
/// Base58 with the Bitcoin alphabet, no checksum.
[[nodiscard]] std::string to_base58(std::string_view bytes);
/// Base64 with the standard alphabet and padding (RFC 4648, section 4).
[[nodiscard]] std::string to_base64(std::string_view bytes);
/// The bytes, or nothing when the text is not strict, padded base64.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);
/// `8-4-4-4-12` form of 16 bytes; plain hexadecimal of any other length.
[[nodiscard]] std::string to_uuid_text(std::string_view bytes);
/// ASCII lower case.
[[nodiscard]] std::string to_lower(std::string_view text);

}  // namespace keyfold
