#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace keyfold {

/// The one source of randomness: the kernel's generator behind a per-thread buffer. Thread-safe.
/// Ends the process if the kernel refuses, because nothing safe can be made without it.
void fill_random(std::span<std::uint8_t> out);

/// `<prefix>_` and `length` random characters of [A-Za-z0-9], e.g. `key_5fT2aB9xQ`.
[[nodiscard]] std::string make_id(std::string_view prefix, std::size_t length = 9);

/// A UUIDv7 (RFC 9562) for the given Unix time in milliseconds.
[[nodiscard]] std::array<std::uint8_t, 16> make_uuid_v7(std::int64_t now_ms);

}  // namespace keyfold
