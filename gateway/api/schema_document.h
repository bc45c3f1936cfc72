#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "schemas/base/result.h"

namespace keyfold::api {

/// A YAML document as JSON, its plain scalars resolved by the core schema of YAML 1.2. kInvalidArgument, with line and
/// column, for malformed YAML, a repeated member, a key that is not a scalar, and nesting deeper than 100.
[[nodiscard]] Result<nlohmann::json> parse_yaml(std::string_view text);

/// A name as it stands in a JSON pointer (RFC 6901, section 3).
[[nodiscard]] std::string escape_pointer(std::string_view name);

}  // namespace keyfold::api
