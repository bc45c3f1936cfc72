#include "events/stored_record.h"

#include "schemas/base/hash.h"

namespace keyfold::events {
namespace {

std::array<char, 4> little_endian(std::uint32_t value) {
  std::array<char, 4> bytes{};
  for (std::size_t i = 0; i < 4; ++i) bytes[i] = static_cast<char>(value >> (8 * i));
  return bytes;
}

std::uint32_t from_little_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = value << 8 | static_cast<std::uint8_t>(bytes[i]);
  return value;
}

std::string_view view(const auto& bytes) { return {bytes.data(), bytes.size()}; }

std::uint32_t checksum(const Position& position, std::string_view header_bytes, RecordView record) {
  std::uint32_t crc = crc32c(view(stored_key(position)));
  crc = crc32c(header_bytes, crc);
  crc = crc32c(record.header, crc);
  return crc32c(record.payload, crc);
}

}  // namespace

StoredKey stored_key(const Position& position) {
  StoredKey key;
  for (std::size_t i = 0; i < 4; ++i) key[i] = static_cast<char>(position.partition >> (24 - 8 * i));
  for (std::size_t i = 0; i < 8; ++i) key[4 + i] = static_cast<char>(position.sequence >> (56 - 8 * i));
  return key;
}

std::optional<Position> parse_stored_key(std::string_view key) {
  if (key.size() != StoredKey{}.size()) return std::nullopt;
  Position position;
  for (std::size_t i = 0; i < 4; ++i) position.partition = position.partition << 8 | static_cast<std::uint8_t>(key[i]);
  for (std::size_t i = 4; i < 12; ++i) position.sequence = position.sequence << 8 | static_cast<std::uint8_t>(key[i]);
  return position;
}

StoredFrame stored_frame(const Position& position, RecordView record) {
  StoredFrame frame;
  frame.header_bytes = little_endian(static_cast<std::uint32_t>(record.header.size()));
  frame.checksum = little_endian(checksum(position, view(frame.header_bytes), record));
  return frame;
}

std::optional<RecordView> parse_stored_value(const Position& position, std::string_view value) {
  if (value.size() < 8) return std::nullopt;
  const std::string_view header_bytes = value.substr(0, 4);
  const std::uint32_t crc = from_little_endian(value.substr(value.size() - 4));
  const std::string_view body = value.substr(4, value.size() - 8);
  const std::uint32_t split = from_little_endian(header_bytes);
  if (split > body.size()) return std::nullopt;
  const RecordView record{body.substr(0, split), body.substr(split)};
  if (checksum(position, header_bytes, record) != crc) return std::nullopt;
  return record;
}

}  // namespace keyfold::events
