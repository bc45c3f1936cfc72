#pragma once

#include <optional>
#include <span>
#include <string>

#include "gateway/api/api_error.h"

namespace keyfold::api {

/// Refuses, naming the nearest type, unless each pattern matches some public event type. Wants the body's member
/// `types`.
[[nodiscard]] std::optional<ApiError> check_event_types(std::span<const std::string> patterns);

}  // namespace keyfold::api
