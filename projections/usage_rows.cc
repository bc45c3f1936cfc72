#include "projections/usage_rows.h"

#include <algorithm>
#include <limits>

#include "projections/big_endian.h"

namespace keyfold::projections {
namespace {

constexpr std::size_t kLengthBytes = 2;
constexpr std::size_t kTextBytesMax = 65'535;
constexpr std::size_t kNumberBytes = 8;

}  // namespace

void put_text(std::string& out, std::string_view text) {
  text = text.substr(0, kTextBytesMax);
  out.push_back(static_cast<char>(text.size() >> 8));
  out.push_back(static_cast<char>(text.size()));
  out.append(text);
}

std::optional<std::string_view> take_text(std::string_view& bytes) {
  if (bytes.size() < kLengthBytes) return std::nullopt;
  const std::size_t size = from_big_endian(bytes.substr(0, kLengthBytes));
  bytes.remove_prefix(kLengthBytes);
  if (bytes.size() < size) return std::nullopt;
  const std::string_view text = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return text;
}

void put_number(std::string& out, std::int64_t number) {
  const auto bits = static_cast<std::uint64_t>(std::max<std::int64_t>(number, 0));
  for (std::size_t i = 0; i < kNumberBytes; ++i) out.push_back(static_cast<char>(bits >> (56 - 8 * i)));
}

std::optional<std::int64_t> take_number(std::string_view& bytes) {
  if (bytes.size() < kNumberBytes) return std::nullopt;
  const auto number = static_cast<std::int64_t>(from_big_endian(bytes.substr(0, kNumberBytes)));
  bytes.remove_prefix(kNumberBytes);
  return number;
}

std::string identity_owner(std::string_view external_id) { return std::string("i").append(external_id); }
std::string key_owner(std::string_view key_id) { return std::string("k").append(key_id); }

std::string owner_prefix(std::string_view workspace_id, std::string_view owner) {
  std::string prefix;
  put_text(prefix, workspace_id);
  put_text(prefix, owner);
  return prefix;
}

std::string last_used_prefix(std::string_view workspace_id, std::string_view key_id) {
  return owner_prefix(workspace_id, key_id);
}

std::optional<CountsKey> parse_counts_key(std::string_view key) {
  if (!take_text(key) || !take_text(key)) return std::nullopt;
  const auto start_ms = take_number(key);
  const auto keyspace_id = start_ms ? take_text(key) : std::nullopt;
  const auto key_id = keyspace_id ? take_text(key) : std::nullopt;
  if (!key_id || !key.empty()) return std::nullopt;
  return CountsKey{*start_ms, *keyspace_id, *key_id};
}

std::int64_t window_expiry_ms(std::int64_t duration_ms, std::int64_t window) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  if (duration_ms <= 0 || window < 0) return 0;
  return window > kMax / duration_ms - 2 ? kMax : (window + 2) * duration_ms;
}

std::string window_key(std::string_view counter, std::int64_t duration_ms, std::int64_t window) {
  std::string key;
  put_number(key, window_expiry_ms(duration_ms, window));
  put_number(key, duration_ms);
  put_number(key, window);
  key.append(counter);
  return key;
}

std::optional<WindowKey> parse_window_key(std::string_view key) {
  const auto expires_ms = take_number(key);
  const auto duration_ms = expires_ms ? take_number(key) : std::nullopt;
  const auto window = duration_ms ? take_number(key) : std::nullopt;
  if (!window) return std::nullopt;
  return WindowKey{*expires_ms, *duration_ms, *window, key};
}

}  // namespace keyfold::projections
