#pragma once

#include <string_view>

namespace keyfold::api {

/// The files of the reference page (gateway/api/reference), built into the program.
[[nodiscard]] std::string_view reference_html();
[[nodiscard]] std::string_view reference_css();
[[nodiscard]] std::string_view reference_js();

}  // namespace keyfold::api
