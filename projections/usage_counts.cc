#include "projections/usage_counts.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <tuple>

namespace keyfold::projections {
namespace {

constexpr std::size_t kOutcomeBytesMax = 255;
constexpr int kVarintBitsMax = 63;

void put_varint(std::string& out, std::uint64_t number) {
  for (; number >= 0x80; number >>= 7) out.push_back(static_cast<char>(0x80 | (number & 0x7f)));
  out.push_back(static_cast<char>(number));
}

/// Takes a varint off the front; nothing when there is none.
std::optional<std::uint64_t> take_varint(std::string_view& bytes) {
  std::uint64_t number = 0;
  for (int shift = 0; shift <= kVarintBitsMax && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    number |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return number;
  }
  return std::nullopt;
}

}  // namespace

void OutcomeCounts::add(std::uint8_t minute, std::string_view outcome, std::uint64_t count) {
  outcome = outcome.substr(0, kOutcomeBytesMax);
  const auto place = std::lower_bound(entries_.begin(), entries_.end(), std::tie(minute, outcome),
                                      [](const Entry& entry, const auto& wanted) {
                                        const std::string_view known = entry.outcome;
                                        return std::tie(entry.minute, known) < wanted;
                                      });
  if (place == entries_.end() || place->minute != minute || place->outcome != outcome) {
    entries_.insert(place, {minute, std::string(outcome), count});
  } else {
    place->count += std::min(count, std::numeric_limits<std::uint64_t>::max() - place->count);
  }
}

bool OutcomeCounts::add_encoded(std::string_view bytes) {
  while (!bytes.empty()) {
    if (bytes.size() < 2) return false;
    const auto minute = static_cast<std::uint8_t>(bytes[0]);
    const std::size_t size = static_cast<std::uint8_t>(bytes[1]);
    bytes.remove_prefix(2);
    if (bytes.size() < size) return false;
    const std::string_view outcome = bytes.substr(0, size);
    bytes.remove_prefix(size);
    const auto count = take_varint(bytes);
    if (!count) return false;
    add(minute, outcome, *count);
  }
  return true;
}

std::string OutcomeCounts::encode() const {
  std::string out;
  for (const Entry& entry : entries_) {
    out.push_back(static_cast<char>(entry.minute));
    out.push_back(static_cast<char>(entry.outcome.size()));
    out.append(entry.outcome);
    put_varint(out, entry.count);
  }
  return out;
}

}  // namespace keyfold::projections
