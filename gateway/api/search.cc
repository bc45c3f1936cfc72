#include "gateway/api/search.h"

#include <algorithm>

#include "schemas/base/encoding.h"

namespace keyfold::api {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n\v\f";
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

}  // namespace

Search::Search(const Call& call) {
  if (const auto* search = call.find("search")) wanted_ = to_lower(trimmed(search->get_ref<const std::string&>()));
}

bool Search::matches(std::initializer_list<std::string_view> texts) const {
  if (wanted_.empty()) return true;
  return std::ranges::any_of(texts,
                             [&](std::string_view text) { return to_lower(text).find(wanted_) != std::string::npos; });
}

}  // namespace keyfold::api
