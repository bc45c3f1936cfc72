#include "projections/snapshots.h"

#include <fstream>

#include "projections/as_of.h"
#include "projections/store.h"
#include "tests/unit/projections/store_fixture.h"

namespace keyfold::projections::testing {
namespace {

class SnapshotsTest : public ProjectionsTest {
 protected:
  [[nodiscard]] Snapshots snapshots(std::size_t keep_max = 10) const { return {root_ / "snapshots", keep_max}; }

  /// Digest lines of a copy of the snapshot.
  std::vector<std::string> digest_of(const Snapshot& snapshot) const {
    return lines(digest_of_directory(snapshot.store));
  }

  std::int64_t now_ms_ = 1'000;
};

TEST_F(SnapshotsTest, HoldWhatWasCommittedWhenTheyWereMade) {
  append_random(log_, 1, 300);
  Snapshots all = snapshots();
  const auto projections = open();
  ASSERT_TRUE(all.make(*projections, now_ms_));
  const auto expected = digest(*projections);
  put(*projections, 0, Table::kRoles, "r/later", "x");
  ASSERT_TRUE(projections->flush());
  const auto known = all.list();
  ASSERT_EQ(known.size(), 1u);
  EXPECT_EQ(digest_of(known[0]), expected);
  EXPECT_EQ(known[0].nexts, (std::vector<events::Sequence>{301, 301}));
  EXPECT_EQ(known[0].made_at_ms, now_ms_);
}

TEST_F(SnapshotsTest, StartFromTheNewestOneFoldsOnlyWhatCameSince) {
  append_random(log_, 1, 300);
  Snapshots all = snapshots();
  ASSERT_TRUE(all.make(*open(), now_ms_));
  append_random(log_, 2, 50);
  std::filesystem::remove_all(directory_);
  const auto restored = restore_newest(all, directory_, log_);
  ASSERT_TRUE(restored) << restored.error().to_string();
  EXPECT_TRUE(*restored);
  const auto projections = open();
  EXPECT_EQ(folded(), 100u);
  EXPECT_EQ(digest(*projections), replayed_digest());
  EXPECT_EQ(all.list().size(), 1u) << "the snapshot itself was only copied";
}

TEST_F(SnapshotsTest, RestoreLeavesReadModelsAloneThatAreThere) {
  append_random(log_, 1, 30);
  Snapshots all = snapshots();
  const auto projections = open();
  ASSERT_TRUE(all.make(*projections, now_ms_));
  EXPECT_FALSE(restore_newest(all, directory_, log_).value());
}

TEST_F(SnapshotsTest, RestoreTakesNoneThatIsAheadOfTheLog) {
  append_random(log_, 1, 30);
  Snapshots all = snapshots();
  ASSERT_TRUE(all.make(*open(), now_ms_));
  log_.lose_last(1);
  std::filesystem::remove_all(directory_);
  EXPECT_FALSE(restore_newest(all, directory_, log_).value());
}

TEST_F(SnapshotsTest, CutOffOrDamagedOnesAreNotUsed) {
  append_random(log_, 1, 30);
  Snapshots all = snapshots();
  const auto projections = open();
  ASSERT_TRUE(all.make(*projections, 1'000));
  ASSERT_TRUE(all.make(*projections, 2'000));
  std::filesystem::create_directories(root_ / "snapshots" / ".unfinished" / "store");
  std::ofstream(root_ / "snapshots" / "2000" / "store" / "CURRENT") << "nonsense\n";
  Snapshots later = snapshots();
  ASSERT_EQ(later.list().size(), 1u);
  EXPECT_EQ(later.list()[0].made_at_ms, 1'000);
  ASSERT_TRUE(later.make(*projections, 3'000)) << "what is left of another attempt is in nobody's way";
}

TEST_F(SnapshotsTest, OnesOfAnotherProjectorVersionAreNotUsed) {
  append_random(log_, 1, 30);
  Snapshots all = snapshots();
  ASSERT_TRUE(all.make(*open(), now_ms_));
  {
    const auto store = Store::open(all.list()[0].store, Store::Access::kReadWrite);
    rows::CheckpointRow checkpoint = (*store)->read_checkpoint(0).value();
    checkpoint.mutable_projectors(0)->set_version(checkpoint.projectors(0).version() + 1);
    ASSERT_TRUE((*store)->write(0, {}, checkpoint));
    ASSERT_TRUE((*store)->flush());
  }
  EXPECT_TRUE(snapshots().list().empty());
}

TEST_F(SnapshotsTest, TooManyAreThinnedOutEvenly) {
  Snapshots all = snapshots(4);
  for (std::uint32_t i = 0; i < 9; ++i) {
    append_random(log_, i, 20);
    ASSERT_TRUE(all.make(*open(), 1'000 + i));
    EXPECT_LE(all.list().size(), 4u);
  }
  const auto left = all.list();
  EXPECT_EQ(left.front().made_at_ms, 1'000) << "the first stays";
  EXPECT_EQ(left.back().made_at_ms, 1'008) << "and the last";
}

TEST(Superfluous, IsTheOneThatLeavesTheSmallestGap) {
  const std::vector<std::uint64_t> totals = {0, 100, 110, 200, 400};
  EXPECT_EQ(superfluous(totals, 5), std::nullopt);
  EXPECT_EQ(superfluous(totals, 4), 2u) << "between 100 and 200";
  EXPECT_EQ(superfluous(std::vector<std::uint64_t>{5, 9}, 1), 0u) << "the newest one stays";
}

class AsOfTest : public SnapshotsTest {
 protected:
  /// All rows of a partition as text.
  static std::string all_rows(const AsOfView& view) {
    std::string text;
    for (std::size_t table = 0; table < kTableCount; ++table) {
      EXPECT_TRUE(view.scan(static_cast<Table>(table), "", [&](std::string_view key, std::string_view value) {
        text += std::to_string(table) + " " + std::string(key) + "=" + std::string(value) + "\n";
        return true;
      }));
    }
    return text;
  }

  [[nodiscard]] std::filesystem::path scratch() const { return root_ / "as_of"; }
};

/// The rows at any position are those of a log that ends there, whichever snapshots there are.
TEST_F(AsOfTest, RowsAreThoseOfALogThatEndsThere) {
  append_random(log_, 7, 120);
  const Snapshots none(root_ / "none", 1);
  Snapshots some = snapshots();
  for (const std::size_t lost : {100u, 60u, 10u}) {
    MemoryLog shorter = log_;
    for (std::size_t i = 0; i < lost; ++i) {
      for (events::PartitionId partition = 0; partition < shorter.partitions(); ++partition)
        shorter.lose_last(partition);
    }
    std::filesystem::remove_all(directory_);
    const auto projections = Projections::open(directory_, shorter, {});
    ASSERT_TRUE(some.make(**projections, 1'000 - static_cast<std::int64_t>(lost)));
  }
  ASSERT_EQ(some.list().size(), 3u);
  AsOf from_start(log_, none, root_ / "scratch_1");
  AsOf from_snapshots(log_, some, scratch());
  for (const events::Sequence end : {0u, 1u, 20u, 21u, 22u, 61u, 100u, 121u}) {
    SCOPED_TRACE(end);
    const auto expected = from_start.at(1, end);
    ASSERT_TRUE(expected) << expected.error().to_string();
    std::uint64_t folded = 0;
    const auto view = from_snapshots.at(1, end, [&folded](const Progress& progress) { folded = progress.total; });
    ASSERT_TRUE(view) << view.error().to_string();
    EXPECT_EQ(all_rows(**view), all_rows(**expected));
    EXPECT_EQ((*view)->end(), end);
    EXPECT_LE(folded, 40u) << "only from the snapshot before it on";
  }
}

TEST_F(AsOfTest, PositionBeyondTheLogIsRefused) {
  append_random(log_, 1, 10);
  const Snapshots none(root_ / "none", 1);
  AsOf as_of(log_, none, scratch());
  for (const auto& [partition, end] : {std::pair{0u, 12u}, std::pair{2u, 0u}}) {
    const auto view = as_of.at(partition, end);
    ASSERT_FALSE(view);
    EXPECT_EQ(view.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST_F(AsOfTest, ViewsAreRememberedForAWhileAndLeaveNothingBehind) {
  append_random(log_, 1, 10);
  const Snapshots none(root_ / "none", 1);
  {
    AsOf as_of(log_, none, scratch());
    const auto first = as_of.at(0, 1).value();
    EXPECT_EQ(as_of.at(0, 1).value(), first);
    for (events::Sequence end = 2; end < 8; ++end) ASSERT_TRUE(as_of.at(0, end));
    EXPECT_NE(as_of.at(0, 1).value(), first);
    EXPECT_FALSE(all_rows(*first).empty()) << "whoever holds one may go on with it";
  }
  EXPECT_FALSE(std::filesystem::exists(scratch()));
}

}  // namespace
}  // namespace keyfold::projections::testing
