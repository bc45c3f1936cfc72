#include "events/usage_record.h"

#include "schemas/base/hash.h"

namespace keyfold::events {
namespace {

template <std::size_t kSize>
std::array<char, kSize> little_endian(std::uint64_t value) {
  std::array<char, kSize> bytes{};
  for (std::size_t i = 0; i < kSize; ++i) bytes[i] = static_cast<char>(value >> (8 * i));
  return bytes;
}

std::uint64_t from_little_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<std::uint8_t>(bytes[i]);
  return value;
}

std::string_view view(const auto& bytes) { return {bytes.data(), bytes.size()}; }

std::uint32_t checksum(Sequence sequence, std::string_view time, std::string_view batch) {
  return crc32c(batch, crc32c(time, crc32c(view(usage_key(sequence)))));
}

}  // namespace

UsageKey usage_key(Sequence sequence) {
  UsageKey key;
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<char>(sequence >> (56 - 8 * i));
  return key;
}

std::optional<Sequence> parse_usage_key(std::string_view key) {
  if (key.size() != UsageKey{}.size()) return std::nullopt;
  Sequence sequence = 0;
  for (const char byte : key) sequence = sequence << 8 | static_cast<std::uint8_t>(byte);
  return sequence;
}

UsageFrame usage_frame(Sequence sequence, std::int64_t time_ms, std::string_view batch) {
  UsageFrame frame;
  frame.time = little_endian<8>(static_cast<std::uint64_t>(time_ms));
  frame.checksum = little_endian<4>(checksum(sequence, view(frame.time), batch));
  return frame;
}

std::optional<StoredUsage> parse_usage_value(Sequence sequence, std::string_view value) {
  if (value.size() < 12) return std::nullopt;
  const std::string_view time = value.substr(0, 8);
  const std::string_view batch = value.substr(8, value.size() - 12);
  if (checksum(sequence, time, batch) != from_little_endian(value.substr(value.size() - 4))) return std::nullopt;
  return StoredUsage{static_cast<std::int64_t>(from_little_endian(time)), batch};
}

}  // namespace keyfold::events
