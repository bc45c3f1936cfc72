#pragma once

#include <span>
#include <string>
#include <string_view>

#include "schemas/base/result.h"

namespace keyfold::api {

/// Whether the held permissions satisfy an expression of slugs with AND, OR and parentheses (AND binds tighter, any
/// letter case). `held` is sorted. kInvalidArgument, with the byte offset, when the expression is malformed, longer
/// than 1,000 bytes or nested deeper than 100. Allocates nothing for a well-formed expression.
[[nodiscard]] Result<bool> satisfies(std::string_view expression, std::span<const std::string_view> held);

}  // namespace keyfold::api
