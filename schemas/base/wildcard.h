#pragma once

#include <string_view>

namespace keyfold {

[[nodiscard]] inline bool has_wildcard(std::string_view pattern) { return pattern.find('*') != std::string_view::npos; }

/// Whether the whole text matches the pattern, in which `*` stands for any run of characters without a newline, also an
/// empty one, and every other character for itself. Takes a time linear in the two lengths. Pure.
[[nodiscard]] bool matches_wildcard(std::string_view pattern, std::string_view text);

}  // namespace keyfold
