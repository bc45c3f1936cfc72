#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// The keys of the usage projections. Ids are length-prefixed (2 bytes), because clients choose some of them and none
// may reach into another one's range; times are big endian, so that a time range is a key range.
//
//   minutes, days   workspace owner bucket-start keyspace key -> OutcomeCounts
//   last_used       workspace key owner                       -> the minute's begin, ms
//   windows         expiry duration window counter            -> tokens
//
// The owner is whom a verification counted for: `i` and the external id of the key's identity at that time, or `k` and
// the key's id. So one identity's keys in a time range lie together, and a key's owners are found by the key.
namespace keyfold::projections {

inline constexpr std::int64_t kMinuteMs = 60'000;
inline constexpr std::int64_t kHourMs = 60 * kMinuteMs;
inline constexpr std::int64_t kDayMs = 24 * kHourMs;

/// The text with its length before it; what is beyond 65,535 bytes is cut off.
void put_text(std::string& out, std::string_view text);
/// Takes a text off the front; nothing when there is none.
[[nodiscard]] std::optional<std::string_view> take_text(std::string_view& bytes);
/// A time or other number that is not negative; negative ones count as 0.
void put_number(std::string& out, std::int64_t number);
[[nodiscard]] std::optional<std::int64_t> take_number(std::string_view& bytes);

[[nodiscard]] std::string identity_owner(std::string_view external_id);
[[nodiscard]] std::string key_owner(std::string_view key_id);

/// What all rows of an owner begin with, in `minutes` and `days`.
[[nodiscard]] std::string owner_prefix(std::string_view workspace_id, std::string_view owner);
/// What all rows of a key begin with, in `last_used`.
[[nodiscard]] std::string last_used_prefix(std::string_view workspace_id, std::string_view key_id);

/// A row's key of `minutes` and `days` in its parts; views of the key.
struct CountsKey {
  std::int64_t start_ms = 0;
  std::string_view keyspace_id;
  std::string_view key_id;
};
[[nodiscard]] std::optional<CountsKey> parse_counts_key(std::string_view key);

/// From when on nothing needs the window: it counts in its own time and, fading, in the next window's.
[[nodiscard]] std::int64_t window_expiry_ms(std::int64_t duration_ms, std::int64_t window);
struct WindowKey {
  std::int64_t expires_ms = 0;
  std::int64_t duration_ms = 0;
  std::int64_t window = 0;
  std::string_view counter;
};
[[nodiscard]] std::string window_key(std::string_view counter, std::int64_t duration_ms, std::int64_t window);
[[nodiscard]] std::optional<WindowKey> parse_window_key(std::string_view key);

}  // namespace keyfold::projections
