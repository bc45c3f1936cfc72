#include "events/tile.h"

#include <algorithm>
#include <charconv>

#include "events/merkle.h"

namespace keyfold::events {
namespace {

constexpr std::size_t kTilesKept = 64;
constexpr std::uint64_t kGroup = 1'000;
constexpr unsigned kLevelBits = 64;

std::string group_text(std::uint64_t group) {
  const std::string digits = std::to_string(group);
  return std::string(3 - digits.size(), '0') + digits;
}

/// A decimal number without leading zeros; of exactly `digits` digits, with them, when that is not 0.
std::optional<std::uint64_t> parse_number(std::string_view text, std::size_t digits = 0) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (digits != 0 ? text.size() != digits : text.size() > 1 && text.front() == '0') return std::nullopt;
  return number;
}

}  // namespace

std::uint64_t hashes_at(unsigned level, std::uint64_t size) {
  return level * kTileHeight >= kLevelBits ? 0 : size >> (level * kTileHeight);
}

Tile tile_in(unsigned level, std::uint64_t index, std::uint64_t size) {
  const std::uint64_t hashes = hashes_at(level, size);
  const std::uint64_t tiles = hashes / kTileWidth;
  return {level, index, index < tiles ? kTileWidth : index == tiles ? hashes % kTileWidth : 0};
}

std::string tile_number_path(std::uint64_t index, std::uint64_t width) {
  std::string path = group_text(index % kGroup);
  while ((index /= kGroup) > 0) path = "x" + group_text(index % kGroup) + "/" + path;
  return width == kTileWidth ? path : path + ".p/" + std::to_string(width);
}

std::string tile_path(const Tile& tile) {
  return "tile/" + std::to_string(tile.level) + "/" + tile_number_path(tile.index, tile.width);
}

std::string entries_path(std::uint64_t index, std::uint64_t width) {
  return "tile/entries/" + tile_number_path(index, width);
}

std::optional<TileNumber> parse_tile_number_path(std::string_view path) {
  TileNumber number;
  if (const std::size_t partial = path.find(".p/"); partial != std::string_view::npos) {
    const auto width = parse_number(path.substr(partial + 3));
    if (!width || *width == 0 || *width >= kTileWidth) return std::nullopt;
    number.width = *width;
    path = path.substr(0, partial);
  }
  const std::string_view whole = path;
  while (path.starts_with('x')) {
    const auto group = path.size() > 4 && path[4] == '/' ? parse_number(path.substr(1, 3), 3) : std::nullopt;
    if (!group || number.index > (UINT64_MAX >> 20) / kGroup) return std::nullopt;
    number.index = number.index * kGroup + *group;
    path.remove_prefix(5);
  }
  const auto group = parse_number(path, 3);
  if (!group) return std::nullopt;
  number.index = number.index * kGroup + *group;
  // One text a number: no leading groups of zeros.
  if (tile_number_path(number.index, kTileWidth) != whole) return std::nullopt;
  return number;
}

Digest run_hash(std::string_view hashes) {
  if (hashes.size() == kHashBytes) {
    Digest hash;
    std::copy(hashes.begin(), hashes.end(), hash.begin());
    return hash;
  }
  const Digest left = run_hash(hashes.substr(0, hashes.size() / 2));
  const Digest right = run_hash(hashes.substr(hashes.size() / 2));
  return node_hash(as_view(left), as_view(right));
}

Result<std::string_view> TileHashes::tile(unsigned level, std::uint64_t index) {
  const auto known = kept_.find({level, index});
  if (known != kept_.end()) return known->second;
  const Tile wanted = tile_in(level, index, size_);
  auto hashes = source_(wanted);
  if (!hashes) return tl::unexpected(hashes.error());
  if (hashes->size() != wanted.width * kHashBytes) {
    return fail(
        ErrorCode::kDataLoss,
        "a tile holds " + std::to_string(hashes->size()) + " bytes, not " + std::to_string(wanted.width * kHashBytes),
        tile_path(wanted));
  }
  if (kept_.size() >= kTilesKept) kept_.clear();
  return kept_.emplace(std::pair{level, index}, *std::move(hashes)).first->second;
}

Result<Digest> TileHashes::operator()(unsigned level, std::uint64_t index) {
  const std::uint64_t run = std::uint64_t{1} << level % kTileHeight;
  const std::uint64_t first = index * run;
  const auto hashes = tile(level / kTileHeight, first / kTileWidth);
  if (!hashes) return tl::unexpected(hashes.error());
  const std::size_t from = first % kTileWidth * kHashBytes;
  if (from + run * kHashBytes > hashes->size()) {
    return fail(ErrorCode::kInternal, "a subtree lies beyond the tree",
                "level " + std::to_string(level) + ", index " + std::to_string(index));
  }
  return run_hash(hashes->substr(from, run * kHashBytes));
}

}  // namespace keyfold::events
