#include "ops/replay/live_check.h"

#include "events/merkle.h"
#include "events/tile.h"

namespace keyfold::ops {
namespace {

using events::kHashBytes;
using events::kTileWidth;
using events::Tile;

class LiveCheck {
 public:
  explicit LiveCheck(const LiveRequest& request) : request_(request) {
    const std::string& name = request.verifier.name;
    report_.log.name = name.substr(name.rfind('/') + 1);
  }

  Result<LiveReport> run() {
    const auto note = request_.fetch("checkpoint");
    if (!note) return tl::unexpected(note.error());
    const auto head = events::open_checkpoint(*note, request_.verifier);
    if (!head) {
      find(std::nullopt, "the checkpoint can't be believed: " + head.error().what);
      return report_;
    }
    report_.log.size = report_.log.signed_size = head->size;
    report_.log.root = head->root;
    if (Status checked = check_tiles(*head); !checked) return tl::unexpected(checked.error());
    if (request_.since && request_.since->size > head->size) {
      find(head->size, "the log ends here, but an older checkpoint was signed for " +
                           std::to_string(request_.since->size) + " leaves");
    }
    if (report_.log.findings.empty()) report_.checkpoint = *note;
    return report_;
  }

 private:
  void find(std::optional<events::Sequence> place, std::string what) {
    if (report_.log.findings.size() < kFindingsMax)
      report_.log.findings.push_back({report_.log.name, place, std::move(what)});
  }

  /// All levels at once, from the left: a tile that is full is one hash of the tile above it.
  Status check_tiles(const events::TreeHead& head) {
    events::MerkleFrontier tree;
    std::vector<std::string> above;  // what the tiles of level 1 must hold
    for (std::uint64_t index = 0; index * kTileWidth < head.size; ++index) {
      const Tile tile = events::tile_in(0, index, head.size);
      const auto hashes = fetch_tile(tile);
      if (!hashes) return tl::unexpected(hashes.error());
      if (hashes->size() != tile.width * kHashBytes) return {};
      for (std::uint64_t i = 0; i < tile.width; ++i) {
        check_since(tree);
        tree.add(events::run_hash(std::string_view(*hashes).substr(i * kHashBytes, kHashBytes)));
      }
      if (tile.width == kTileWidth) above.emplace_back(as_view(events::run_hash(*hashes)));
      if (request_.entries == LiveRequest::Entries::kRead) {
        if (Status read = check_entries(tile, *hashes); !read) return read;
      }
    }
    check_since(tree);
    if (tree.root() != head.root) find(std::nullopt, "the tiles are not those of the checkpoint's root");
    return check_levels(head.size, std::move(above));
  }

  Status check_levels(std::uint64_t size, std::vector<std::string> expected) {
    for (unsigned level = 1; !expected.empty(); ++level) {
      std::vector<std::string> above;
      for (std::uint64_t index = 0; index * kTileWidth < expected.size(); ++index) {
        const Tile tile = events::tile_in(level, index, size);
        std::string known;
        for (std::uint64_t i = 0; i < tile.width; ++i) known += expected[index * kTileWidth + i];
        const auto hashes = fetch_tile(tile);
        if (!hashes) return tl::unexpected(hashes.error());
        if (*hashes != known) find(std::nullopt, "another tile than the leaves make: " + events::tile_path(tile));
        if (tile.width == kTileWidth) above.emplace_back(as_view(events::run_hash(known)));
      }
      expected = std::move(above);
    }
    return {};
  }

  Result<std::string> fetch_tile(const Tile& tile) {
    auto hashes = request_.fetch(events::tile_path(tile));
    if (hashes && hashes->size() != tile.width * kHashBytes) {
      find(tile.index * kTileWidth, "a tile has the wrong length: " + events::tile_path(tile));
    }
    return hashes;
  }

  void check_since(const events::MerkleFrontier& tree) {
    if (!request_.since || request_.since->size != tree.size() || tree.root() == request_.since->root) return;
    find(std::nullopt, "the first " + std::to_string(tree.size()) + " leaves are not those of the older checkpoint");
  }

  Status check_entries(const Tile& tile, std::string_view hashes) {
    const auto bundle = request_.fetch(events::entries_path(tile.index, tile.width));
    if (!bundle) return tl::unexpected(bundle.error());
    std::string_view rest = *bundle;
    for (std::uint64_t i = 0; i < tile.width; ++i) {
      const events::Sequence sequence = tile.index * kTileWidth + i;
      const std::size_t size = rest.size() < 2 ? 0
                                               : static_cast<unsigned char>(rest[0]) * std::size_t{256} +
                                                     static_cast<unsigned char>(rest[1]);
      if (rest.size() < 2 + size) {
        find(sequence, "the entries end here");
        return {};
      }
      check_entry(sequence, rest.substr(2, size), hashes.substr(i * kHashBytes, kHashBytes));
      rest.remove_prefix(2 + size);
    }
    if (!rest.empty()) find(tile.index * kTileWidth + tile.width, "the entries go on behind the tile's end");
    return {};
  }

  void check_entry(events::Sequence sequence, std::string_view entry, std::string_view hash) {
    const Digest leaf = events::leaf_hash(entry);
    if (as_view(leaf) != hash) find(sequence, "the entry is not the tree's leaf");
    if (report_.log.name == "directory") return;
    v1::EventHeader header;
    if (!header.ParseFromArray(entry.data(), static_cast<int>(entry.size())) || header.sequence() != sequence) {
      find(sequence, "the entry is no event of this place");
    } else if (header.previous_hash() != as_view(previous_)) {
      find(sequence, "the event does not follow the one before it");
    }
    previous_ = leaf;
  }

  const LiveRequest& request_;
  LiveReport report_;
  Digest previous_{};
};

}  // namespace

Result<LiveReport> check_live_log(const LiveRequest& request) { return LiveCheck(request).run(); }

}  // namespace keyfold::ops
