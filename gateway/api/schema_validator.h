#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "gateway/api/schema_node.h"
#include "gateway/api/schemas.h"

namespace keyfold::api {

/// All that is wrong with the value, at most `errors_max`; empty when it is valid. A value of the wrong type is judged
/// by nothing else. Thread-safe.
[[nodiscard]] std::vector<FieldError> find_errors(const Schema& schema, const nlohmann::json& value,
                                                  std::size_t errors_max);

}  // namespace keyfold::api
