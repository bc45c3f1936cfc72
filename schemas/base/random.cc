#include "schemas/base/random.h"

#include <sys/random.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace keyfold {
namespace {

/// Bytes are taken once each and wiped, so that a later leak of the buffer tells nothing about past secrets.
struct Buffer {
  std::array<std::uint8_t, 4096> bytes{};
  std::size_t used = 4096;
};

void from_kernel(std::span<std::uint8_t> out) {
  while (!out.empty()) {
    const ssize_t n = getrandom(out.data(), out.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) std::abort();
    out = out.subspan(static_cast<std::size_t>(n));
  }
}

}  // namespace

void fill_random(std::span<std::uint8_t> out) {
  thread_local Buffer buffer;
  if (out.size() > buffer.bytes.size()) return from_kernel(out);
  if (buffer.bytes.size() - buffer.used < out.size()) {
    from_kernel(buffer.bytes);
    buffer.used = 0;
  }
  std::memcpy(out.data(), buffer.bytes.data() + buffer.used, out.size());
  std::memset(buffer.bytes.data() + buffer.used, 0, out.size());
  buffer.used += out.size();
}

std::string make_id(std::string_view prefix, std::size_t length) {
  static constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::string id;
  id.reserve(prefix.size() + 1 + length);
  id.append(prefix).push_back('_');
  std::array<std::uint8_t, 16> bytes{};
  std::size_t next = bytes.size();
  while (id.size() < prefix.size() + 1 + length) {
    if (next == bytes.size()) {
      fill_random(bytes);
      next = 0;
    }
    // Only values below 248 = 4 * 62 are used, so that every character is equally likely.
    if (const std::uint8_t value = bytes[next++]; value < 248) id.push_back(kAlphabet[value % kAlphabet.size()]);
  }
  return id;
}

std::array<std::uint8_t, 16> make_uuid_v7(std::int64_t now_ms) {
  std::array<std::uint8_t, 16> uuid{};
  fill_random(uuid);
  for (std::size_t i = 0; i < 6; ++i) uuid[i] = static_cast<std::uint8_t>(now_ms >> (40 - 8 * i));
  uuid[6] = static_cast<std::uint8_t>(0x70 | (uuid[6] & 0x0f));
  uuid[8] = static_cast<std::uint8_t>(0x80 | (uuid[8] & 0x3f));
  return uuid;
}

}  // namespace keyfold
