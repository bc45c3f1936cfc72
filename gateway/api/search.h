#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "gateway/api/endpoint.h"

namespace keyfold::api {

/// What the member `search` narrows a list to: a part of a text, whatever its (ASCII) letter case. Blanks around it do
/// not count, and no character is a wildcard.
class Search {
 public:
  explicit Search(const Call& call);
  /// Whether one of the texts holds it; true when nothing is searched for.
  [[nodiscard]] bool matches(std::initializer_list<std::string_view> texts) const;

 private:
  std::string wanted_;  // in lower case
};

}  // namespace keyfold::api
