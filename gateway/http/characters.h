#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace keyfold::http {

/// Classes of characters in HTTP/1.1; a character may belong to several.
enum CharacterClass : std::uint8_t {
  kTokenCharacter = 1,   // RFC 9110, 5.6.2: methods and field names
  kFieldCharacter = 2,   // RFC 9110, 5.5: field values; tab, space, visible and obs-text, no other control character
  kTargetCharacter = 4,  // visible ASCII without '#'; wider than RFC 3986, since clients leave {, | and " unescaped
  kHostCharacter = 8,    // RFC 3986, 3.2.2 and 3.2.3: host and port
};

namespace detail {

constexpr std::array<std::uint8_t, 256> make_character_classes() {
  constexpr std::string_view kTokenSigns = "!#$%&'*+-.^_`|~";
  constexpr std::string_view kHostSigns = "-._~%!$&'()*+,;=:[]";
  std::array<std::uint8_t, 256> classes{};
  for (int c = 0; c < 256; ++c) {
    const char sign = static_cast<char>(c);
    const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    int bits = 0;
    if (alphanumeric || kTokenSigns.find(sign) != std::string_view::npos) bits |= kTokenCharacter;
    if (c == '\t' || (c >= ' ' && c != 0x7f)) bits |= kFieldCharacter;
    if (c > ' ' && c < 0x7f && c != '#') bits |= kTargetCharacter;
    if (alphanumeric || kHostSigns.find(sign) != std::string_view::npos) bits |= kHostCharacter;
    classes[static_cast<std::size_t>(c)] = static_cast<std::uint8_t>(bits);
  }
  return classes;
}

inline constexpr auto kCharacterClasses = make_character_classes();

}  // namespace detail

[[nodiscard]] inline bool is_in(char c, CharacterClass which) {
  return (detail::kCharacterClasses[static_cast<unsigned char>(c)] & which) != 0;
}

/// True of an empty text too.
[[nodiscard]] inline bool all_in(std::string_view text, CharacterClass which) {
  return std::all_of(text.begin(), text.end(), [which](char c) { return is_in(c, which); });
}

}  // namespace keyfold::http
