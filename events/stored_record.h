#pragma once

#include <array>
#include <optional>

#include "events/event.h"

// How the embedded log keeps a record. Key: partition (4 bytes) and sequence (8), big endian, so that RocksDB's order
// is the log's. Value: u32 header length | header | payload | u32 CRC-32C, little endian. The checksum covers the key
// and the length too: a record can't pass for another one, nor a byte move between header and payload.
namespace keyfold::events {

/// Limits of one record, refused beyond; an audit leaf's length is a 16-bit number.
inline constexpr std::size_t kHeaderBytesMax = 65'535;
inline constexpr std::size_t kPayloadBytesMax = std::size_t{16} << 20;

using StoredKey = std::array<char, 12>;
[[nodiscard]] StoredKey stored_key(const Position& position);
/// Nothing when the bytes are not a key.
[[nodiscard]] std::optional<Position> parse_stored_key(std::string_view key);

/// The bytes of a stored value before and after header and payload.
struct StoredFrame {
  std::array<char, 4> header_bytes{};
  std::array<char, 4> checksum{};
};
[[nodiscard]] StoredFrame stored_frame(const Position& position, RecordView record);
/// The record inside a stored value; nothing when it is damaged or belongs to another position.
[[nodiscard]] std::optional<RecordView> parse_stored_value(const Position& position, std::string_view value);

}  // namespace keyfold::events
