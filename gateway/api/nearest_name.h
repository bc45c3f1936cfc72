#pragma once

#include <span>
#include <string_view>

namespace keyfold::api {

/// The known name that `name` was probably meant to be: the one with the fewest letters to change, letter case aside;
/// empty when none is near.
[[nodiscard]] std::string_view nearest_name(std::string_view name, std::span<const std::string_view> known);

}  // namespace keyfold::api
