#include "ops/replay/live_check.h"

#include <gtest/gtest.h>

#include <map>

#include "events/tile.h"

namespace keyfold::ops {
namespace {

using events::kTileWidth;

constexpr std::uint64_t kEvents = 300;

/// The files of a log that is served, made from its events; each can be tampered with.
class ServedLog {
 public:
  ServedLog() {
    Digest previous{};
    for (std::uint64_t i = 0; i < kEvents; ++i) {
      v1::EventHeader header;
      header.set_sequence(i);
      header.set_previous_hash(std::string(as_view(previous)));
      header.set_request_id("req_" + std::to_string(i));
      entries_.push_back(header.SerializeAsString());
      previous = events::leaf_hash(entries_.back());
    }
    publish(kEvents);
  }

  /// All files of the tree of so many events.
  void publish(std::uint64_t size) {
    files.clear();
    events::MerkleFrontier tree;
    std::string above;
    for (std::uint64_t index = 0; index * kTileWidth < size; ++index) {
      const events::Tile tile = events::tile_in(0, index, size);
      std::string hashes;
      std::string bundle;
      for (std::uint64_t i = index * kTileWidth; i < index * kTileWidth + tile.width; ++i) {
        const Digest leaf = events::leaf_hash(entries_[i]);
        tree.add(leaf);
        hashes += as_view(leaf);
        bundle += static_cast<char>(entries_[i].size() >> 8);
        bundle += static_cast<char>(entries_[i].size() & 0xff);
        bundle += entries_[i];
      }
      files[events::tile_path(tile)] = hashes;
      files[events::entries_path(index, tile.width)] = bundle;
      if (tile.width == kTileWidth) above += as_view(events::run_hash(hashes));
    }
    if (!above.empty()) files[events::tile_path(events::tile_in(1, 0, size))] = above;
    head = {signer.verifier().name, size, tree.root()};
    files["checkpoint"] = signer.sign(to_text(head));
  }
  void forge(std::uint64_t at) { entries_[at] += "forged"; }

  [[nodiscard]] std::vector<std::string> check(std::optional<events::TreeHead> since = std::nullopt) const {
    const LiveRequest request{[this](const std::string& path) -> Result<std::string> {
                                const auto file = files.find(path);
                                if (file != files.end()) return file->second;
                                return fail(ErrorCode::kUnavailable, "404", path);
                              },
                              signer.verifier(), std::move(since), LiveRequest::Entries::kRead};
    const auto checked = check_live_log(request);
    if (!checked) return {checked.error().to_string()};
    std::vector<std::string> texts;
    for (const Finding& finding : checked->log.findings) texts.push_back(to_string(finding));
    EXPECT_EQ(checked->checkpoint.empty(), !texts.empty());
    return texts;
  }

  const events::NoteSigner signer = events::NoteSigner::make("example.com/audit/0", std::string(32, 's')).value();
  events::TreeHead head;
  std::map<std::string, std::string> files;

 private:
  std::vector<std::string> entries_;
};

std::string first(const std::vector<std::string>& texts) { return texts.empty() ? "nothing" : texts[0]; }

TEST(LiveCheck, NothingIsFoundWhereNothingIsWrong) {
  ServedLog log;
  EXPECT_EQ(first(log.check()), "nothing");
  log.publish(kTileWidth);
  EXPECT_EQ(first(log.check()), "nothing");
  log.publish(0);
  EXPECT_EQ(first(log.check()), "nothing");
}

TEST(LiveCheck, OlderCheckpointThatIsContinuedIsFine) {
  ServedLog log;
  for (const std::uint64_t size : {0, 1, 255, 256, 300}) {
    log.publish(size);
    const events::TreeHead since = log.head;
    log.publish(kEvents);
    EXPECT_EQ(first(log.check(since)), "nothing") << size;
  }
}

TEST(LiveCheck, AnotherBeginningThanThatOfTheOlderCheckpointIsFound) {
  ServedLog log;
  log.publish(280);
  const events::TreeHead since = log.head;
  log.forge(3);
  log.publish(kEvents);
  bool is_found = false;
  for (const std::string& text : log.check(since)) {
    is_found = is_found || text == "partition 0: the first 280 leaves are not those of the older checkpoint";
  }
  EXPECT_TRUE(is_found);
}

TEST(LiveCheck, LogThatShrankIsFound) {
  ServedLog log;
  const events::TreeHead since = log.head;
  log.publish(299);
  EXPECT_EQ(first(log.check(since)),
            "partition 0, event 299: the log ends here, but an older checkpoint was signed for 300 leaves");
}

TEST(LiveCheck, ChangedTileIsFound) {
  ServedLog log;
  log.files["tile/0/000"][5] ^= 1;
  EXPECT_EQ(first(log.check()), "partition 0, event 0: the entry is not the tree's leaf");
  ServedLog other;
  other.files["tile/1/000.p/1"][5] ^= 1;
  EXPECT_EQ(first(other.check()), "partition 0: another tile than the leaves make: tile/1/000.p/1");
  ServedLog shorter;
  shorter.files["tile/0/000"].pop_back();
  EXPECT_EQ(first(shorter.check()), "partition 0, event 0: a tile has the wrong length: tile/0/000");
}

TEST(LiveCheck, ChangedEntryIsFound) {
  ServedLog log;
  std::string& bundle = log.files["tile/entries/001.p/44"];
  bundle.back() = static_cast<char>(bundle.back() ^ 1);
  EXPECT_EQ(first(log.check()), "partition 0, event 299: the entry is not the tree's leaf");
  bundle.pop_back();
  EXPECT_EQ(first(log.check()), "partition 0, event 299: the entries end here");
}

TEST(LiveCheck, CheckpointOfAnotherKeyIsFound) {
  ServedLog log;
  const auto forger = events::NoteSigner::make("example.com/audit/0", std::string(32, 'f')).value();
  log.files["checkpoint"] = forger.sign(to_text(log.head));
  EXPECT_TRUE(first(log.check()).starts_with("partition 0: the checkpoint can't be believed")) << first(log.check());
}

}  // namespace
}  // namespace keyfold::ops
