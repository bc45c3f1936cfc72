#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "schemas/base/hash.h"
#include "schemas/base/result.h"

/// The form in which a tree is stored and served (C2SP tlog-tiles): at every eighth level, its hashes in runs of 256.
namespace keyfold::events {

inline constexpr unsigned kTileHeight = 8;
inline constexpr std::uint64_t kTileWidth = 256;
inline constexpr std::size_t kHashBytes = std::tuple_size_v<Digest>;

/// The hashes [index * 256, index * 256 + width) of the tree's level 8 * `level`, where leaves are level 0.
struct Tile {
  unsigned level = 0;
  std::uint64_t index = 0;
  std::uint64_t width = kTileWidth;  // 1 to 256
  friend auto operator<=>(const Tile&, const Tile&) = default;
};

/// How many hashes the level holds in a tree of `size` leaves: one for each subtree of 256^level leaves.
[[nodiscard]] std::uint64_t hashes_at(unsigned level, std::uint64_t size);

/// The tile as wide as a tree of `size` leaves fills it; width 0 when it has nothing of it.
[[nodiscard]] Tile tile_in(unsigned level, std::uint64_t index, std::uint64_t size);

/// The number in groups of three digits, all but the last with an x: `x001/x234/067`; of a partial width `067.p/8`.
[[nodiscard]] std::string tile_number_path(std::uint64_t index, std::uint64_t width);
/// `tile/<level>/<number>`.
[[nodiscard]] std::string tile_path(const Tile& tile);
/// `tile/entries/<number>`: the leaves themselves.
[[nodiscard]] std::string entries_path(std::uint64_t index, std::uint64_t width);

/// Index and width of what tile_number_path wrote; nothing for any other text.
struct TileNumber {
  std::uint64_t index = 0;
  std::uint64_t width = kTileWidth;
};
[[nodiscard]] std::optional<TileNumber> parse_tile_number_path(std::string_view path);

/// The hash over a run of hashes, one after the other, whose number is a power of two.
[[nodiscard]] Digest run_hash(std::string_view hashes);

/// Gives the tile's hashes, one after the other: `width` times 32 bytes.
using TileSource = std::function<Result<std::string>(const Tile&)>;

/// Hashes of any subtree of a tree of `size` leaves, out of its tiles: a SubtreeReader. It keeps what it has read last;
/// for one thread.
class TileHashes {
 public:
  TileHashes(std::uint64_t size, TileSource source) : size_(size), source_(std::move(source)) {}
  [[nodiscard]] Result<Digest> operator()(unsigned level, std::uint64_t index);

 private:
  [[nodiscard]] Result<std::string_view> tile(unsigned level, std::uint64_t index);

  const std::uint64_t size_;
  const TileSource source_;
  std::map<std::pair<unsigned, std::uint64_t>, std::string> kept_;
};

}  // namespace keyfold::events
