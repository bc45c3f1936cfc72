#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace keyfold::ops {

struct Column {
  std::string title;
  std::string member;  // of each item; `...At` and `expires` are shown as UTC times
};

/// An array of objects as lines of aligned columns under a line of titles. An absent member shows as `-`, an array as
/// its elements with commas, a control character as `?`.
[[nodiscard]] std::string text_table(const nlohmann::ordered_json& items, const std::vector<Column>& columns);

}  // namespace keyfold::ops
