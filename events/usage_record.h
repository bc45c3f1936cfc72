#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "events/event.h"

// How the usage stream keeps a batch. Key: sequence (8 bytes, big endian). Value: i64 time | batch | u32 CRC-32C,
// little endian. The checksum covers the key too: a batch can't pass for another one.
namespace keyfold::events {

using UsageKey = std::array<char, 8>;
[[nodiscard]] UsageKey usage_key(Sequence sequence);
/// Nothing when the bytes are no key.
[[nodiscard]] std::optional<Sequence> parse_usage_key(std::string_view key);

/// The bytes of a stored value before and after the batch.
struct UsageFrame {
  std::array<char, 8> time{};
  std::array<char, 4> checksum{};
};
[[nodiscard]] UsageFrame usage_frame(Sequence sequence, std::int64_t time_ms, std::string_view batch);

struct StoredUsage {
  std::int64_t time_ms = 0;
  std::string_view batch;
};
/// What a stored value holds; nothing when it is damaged or belongs to another sequence.
[[nodiscard]] std::optional<StoredUsage> parse_usage_value(Sequence sequence, std::string_view value);

}  // namespace keyfold::events
