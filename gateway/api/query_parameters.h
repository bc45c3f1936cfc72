#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "gateway/api/api_error.h"

namespace keyfold::api {

/// The parameters of a query without '?', percent-decoded ('+' stays: no parameter holds blanks, and times hold '+').
/// 400 for a name that is not known, with the nearest one, for one that comes twice, and for bad escapes.
[[nodiscard]] Answered<std::map<std::string, std::string, std::less<>>> read_query(
    std::string_view query, std::span<const std::string_view> known);

/// One wrong parameter as the API reports it.
[[nodiscard]] ApiError bad_parameter(std::string_view name, std::string message, std::string fix);

}  // namespace keyfold::api
