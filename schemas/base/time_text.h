#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace keyfold {

/// RFC 3339 in UTC with milliseconds: `2026-11-26T02:11:15.123Z`.
[[nodiscard]] std::string to_time_text(std::int64_t unix_ms);

/// Unix milliseconds of an RFC 3339 time (any offset, fractions beyond milliseconds cut off), of a date alone
/// (`2026-11-26`: its first moment in UTC), or of whole Unix milliseconds; nothing for any other text.
[[nodiscard]] std::optional<std::int64_t> parse_time(std::string_view text);

}  // namespace keyfold
