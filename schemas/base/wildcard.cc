#include "schemas/base/wildcard.h"

#include <cstring>

namespace keyfold {
namespace {

bool has_newline(std::string_view text) { return text.find('\n') != std::string_view::npos; }

/// Like std::string_view::find, but in linear time: glibc searches by the two-way algorithm.
std::size_t find_linear(std::string_view text, std::string_view part) {
  const void* found = memmem(text.data(), text.size(), part.data(), part.size());
  return found == nullptr ? std::string_view::npos
                          : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

}  // namespace

// Each part between two stars is taken where it comes first. A later place would never help: what comes after can only
// get shorter, and a newline that a star must skip stays in one star's way or the other's.
bool matches_wildcard(std::string_view pattern, std::string_view text) {
  const auto first = pattern.find('*');
  if (first == std::string_view::npos) return pattern == text;
  const auto last = pattern.rfind('*');
  const std::string_view head = pattern.substr(0, first);
  const std::string_view tail = pattern.substr(last + 1);
  if (text.size() < head.size() + tail.size() || !text.starts_with(head) || !text.ends_with(tail)) return false;
  text = text.substr(head.size(), text.size() - head.size() - tail.size());
  std::string_view parts = pattern.substr(first, last - first);  // each after a star
  while (!parts.empty()) {
    parts.remove_prefix(1);
    const std::string_view part = parts.substr(0, parts.find('*'));
    const auto at = find_linear(text, part);
    if (at == std::string_view::npos || has_newline(text.substr(0, at))) return false;
    text.remove_prefix(at + part.size());
    parts.remove_prefix(part.size());
  }
  return !has_newline(text);
}

}  // namespace keyfold
