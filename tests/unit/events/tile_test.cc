#include "events/tile.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "events/event.h"
#include "events/merkle.h"

namespace keyfold::events {
namespace {

/// A tree's tiles, made leaf by leaf from the definition of their hashes.
class Tiles {
 public:
  explicit Tiles(std::uint64_t size) {
    levels_.emplace_back();
    for (std::uint64_t i = 0; i < size; ++i) levels_[0].push_back(leaf_hash("leaf " + std::to_string(i)));
    while (levels_.back().size() >= kTileWidth) {
      std::vector<Digest> above;
      for (std::size_t i = 0; i + kTileWidth <= levels_.back().size(); i += kTileWidth) {
        std::vector<Digest> hashes(levels_.back().begin() + static_cast<std::ptrdiff_t>(i),
                                   levels_.back().begin() + static_cast<std::ptrdiff_t>(i + kTileWidth));
        while (hashes.size() > 1) {
          for (std::size_t j = 0; j * 2 < hashes.size(); ++j) {
            hashes[j] = node_hash(as_view(hashes[j * 2]), as_view(hashes[j * 2 + 1]));
          }
          hashes.resize(hashes.size() / 2);
        }
        above.push_back(hashes[0]);
      }
      levels_.push_back(std::move(above));
    }
  }
  [[nodiscard]] Result<std::string> read(const Tile& tile) const {
    std::string hashes;
    for (std::uint64_t i = 0; i < tile.width; ++i) {
      hashes += as_view(levels_.at(tile.level).at(tile.index * kTileWidth + i));
    }
    return hashes;
  }
  [[nodiscard]] const std::vector<Digest>& leaves() const { return levels_[0]; }

 private:
  std::vector<std::vector<Digest>> levels_;
};

TEST(Tile, PathsAreThoseOfTheSpecification) {
  EXPECT_EQ(tile_path({0, 1'234'067, 256}), "tile/0/x001/x234/067");
  EXPECT_EQ(tile_path({1, 0, 17}), "tile/1/000.p/17");
  EXPECT_EQ(tile_path({2, 1'000, 1}), "tile/2/x001/000.p/1");
  EXPECT_EQ(entries_path(273, 112), "tile/entries/273.p/112");
}

TEST(Tile, PathReadsBack) {
  rc::check([](std::uint64_t number) {
    const std::uint64_t index = number >> 12;
    const auto width = *rc::gen::inRange<std::uint64_t>(1, 257);
    const auto parsed = parse_tile_number_path(tile_number_path(index, width));
    RC_ASSERT(parsed.has_value());
    RC_ASSERT(parsed->index == index);
    RC_ASSERT(parsed->width == width);
  });
}

TEST(Tile, NumberHasOnePathOnly) {
  for (const char* path :
       {"", "1", "0001", "x000/001", "x01/001", "001/001", "x001", "x001/", "001.p/0", "001.p/256", "001.p/01",
        "001.p/", "001.p/1/2", "-01", "+01", " 01", "x999/x999/x999/x999/x999/x999/000"}) {
    EXPECT_FALSE(parse_tile_number_path(path)) << path;
  }
}

TEST(Tile, WidthIsWhatATreeOfThatSizeFills) {
  // The example of the specification.
  EXPECT_EQ(tile_in(0, 272, 70'000).width, 256u);
  EXPECT_EQ(tile_in(0, 273, 70'000).width, 112u);
  EXPECT_EQ(tile_in(1, 0, 70'000).width, 256u);
  EXPECT_EQ(tile_in(1, 1, 70'000).width, 17u);
  EXPECT_EQ(tile_in(2, 0, 70'000).width, 1u);
  EXPECT_EQ(tile_in(3, 0, 70'000).width, 0u);
  EXPECT_EQ(tile_in(0, 274, 70'000).width, 0u);
  EXPECT_EQ(tile_in(63, 0, 70'000).width, 0u);
}

TEST(Tile, HashesLeadToTheSameRootsAndProofs) {
  static const Tiles tiles(70'000);
  rc::check([] {
    const auto size = *rc::gen::inRange<std::uint64_t>(1, 70'001);
    const auto index = *rc::gen::inRange<std::uint64_t>(0, size);
    const auto read = [](const Tile& tile) { return tiles.read(tile); };
    TileHashes hashes(size, read);
    const Digest root = merkle_root(size, hashes).value();
    const auto proof = inclusion_proof(index, size, hashes).value();
    RC_ASSERT(is_included(tiles.leaves()[index], index, size, proof, root));
    TileHashes older_hashes(index, read);
    const Digest older = merkle_root(index, older_hashes).value();
    RC_ASSERT(is_consistent(index, older, size, root, consistency_proof(index, size, hashes).value()));
  });
}

TEST(Tile, OneOfTheWrongSizeIsRefused) {
  TileHashes hashes(3, [](const Tile&) -> Result<std::string> { return std::string(2 * kHashBytes, 'x'); });
  EXPECT_EQ(merkle_root(3, hashes).error().code, ErrorCode::kDataLoss);
}

}  // namespace
}  // namespace keyfold::events
