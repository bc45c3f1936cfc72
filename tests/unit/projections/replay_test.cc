#include <array>
#include <fstream>

#include "projections/store.h"
#include "tests/unit/projections/store_fixture.h"

namespace keyfold::projections::testing {
namespace {

class Replay : public ProjectionsTest {
 protected:
  /// Folds every event as the live path does: many pending in an overlay, committed in batches of random size.
  void run_live(Projections& projections, std::uint32_t seed) {
    RandomHistory random(seed);
    for (events::PartitionId partition = 0; partition < log_.partitions(); ++partition) {
      Overlay overlay(projections.reader(partition));
      Changes pending;
      const auto commit = [&](events::Sequence next) {
        ASSERT_TRUE(projections.commit(partition, pending, next));
        overlay.forget(pending);
        pending.clear();
      };
      events::Event event;
      const auto read = log_.read(partition, 0, 1'000'000, [&](events::Sequence sequence, events::RecordView record) {
        if (!events::decode(record, event)) throw std::runtime_error("decode");
        fold(event, overlay);
        if (random.number(3) == 0) {
          const Changes taken = overlay.take();
          pending.insert(pending.end(), taken.begin(), taken.end());
          if (random.number(4) == 0) commit(sequence + 1);
        }
        return true;
      });
      ASSERT_TRUE(read);
      const Changes taken = overlay.take();
      pending.insert(pending.end(), taken.begin(), taken.end());
      commit(*read);
    }
  }
};

TEST_F(Replay, OfAnyHistoryGivesTheDigestsOfTheLiveRunHoweverItWasBatched) {
  for (std::uint32_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE(seed);
    log_ = MemoryLog(2);
    std::filesystem::remove_all(directory_);
    const auto live = open();
    append_random(log_, seed, 400);
    run_live(*live, seed);
    EXPECT_EQ(digest(*live), replayed_digest());
  }
}

TEST_F(Replay, AfterACrashContinuesFromTheLastFlush) {
  append_random(log_, 1, 300);
  std::vector<std::string> expected;
  {
    const auto projections = open();
    EXPECT_EQ(folded(), 602u);
    ASSERT_TRUE(projections->flush());
  }
  append_random(log_, 2, 100);
  {
    const auto projections = open();
    EXPECT_EQ(folded(), 200u);
    expected = digest(*projections);
    // Destroyed without a flush: as if the process had been killed.
  }
  const auto projections = open();
  EXPECT_EQ(folded(), 200u);
  EXPECT_EQ(told_.back().what, "catching up");
  EXPECT_EQ(told_.back().total, 200u);
  EXPECT_EQ(digest(*projections), expected);
  EXPECT_EQ(digest(*projections), replayed_digest());
}

TEST_F(Replay, AfterAFlushReadsNothingOfTheLog) {
  append_random(log_, 1, 100);
  std::vector<std::string> expected;
  {
    const auto projections = open();
    ASSERT_TRUE(projections->flush());
    expected = digest(*projections);
  }
  log_.break_at(0);
  const auto projections = open();
  EXPECT_EQ(folded(), 0u);
  EXPECT_EQ(digest(*projections), expected);
  EXPECT_EQ(projections->next(0), 101u);
}

TEST_F(Replay, OfADamagedLogStopsWithItsErrorAndGoesOnOnceItIsWhole) {
  append_random(log_, 3, 3'000);
  log_.break_at(2'500);
  EXPECT_EQ(refusal().what, "the record is damaged");
  log_.break_at(10'000);
  EXPECT_EQ(digest(*open()), replayed_digest());
}

TEST_F(Replay, RefusesALogThatLostRecords) {
  append_random(log_, 1, 10);
  ASSERT_TRUE(open()->flush());
  log_.lose_last(1);
  const Error error = refusal();
  EXPECT_EQ(error.code, ErrorCode::kDataLoss);
  EXPECT_NE(error.what.find("has seen 11 of partition 1, the log holds 10"), std::string::npos) << error.what;
  EXPECT_EQ(error.where, directory_.string());
  EXPECT_NE(error.hint.find("restore the log"), std::string::npos);
  EXPECT_NE(error.hint.find("delete " + directory_.string()), std::string::npos);
}

TEST_F(Replay, RefusesALogWhoseRecordsDoNotFollowFromEachOther) {
  append_random(log_, 1, 20);
  log_.swap_with_next(0, 7);
  EXPECT_EQ(refusal().code, ErrorCode::kDataLoss);
  EXPECT_EQ(refusal().where, "0:8");
}

TEST_F(Replay, RefusesALogWithAnotherNumberOfPartitions) {
  ASSERT_TRUE(open()->flush());
  log_ = MemoryLog(3);
  EXPECT_EQ(refusal().code, ErrorCode::kFailedPrecondition);
}

TEST_F(Replay, RefusesADirectoryThatIsInUse) {
  const auto projections = open();
  const Error error = refusal();
  EXPECT_EQ(error.code, ErrorCode::kFailedPrecondition);
  EXPECT_NE(error.hint.find("another process"), std::string::npos);
}

TEST_F(Replay, RefusesDamagedProjectionsAndSaysHowToRebuildThem) {
  append_random(log_, 1, 50);
  ASSERT_TRUE(open()->flush());
  for (const auto& file : std::filesystem::directory_iterator(directory_)) {
    if (file.path().filename().string().starts_with("MANIFEST")) std::ofstream(file.path()) << "not a manifest";
  }
  const Error error = refusal();
  EXPECT_EQ(error.code, ErrorCode::kDataLoss) << error.to_string();
  EXPECT_NE(error.hint.find("delete " + directory_.string()), std::string::npos);
  std::filesystem::remove_all(directory_);
  EXPECT_EQ(digest(*open()), replayed_digest());
}

TEST_F(Replay, RefusesProjectionsOfANewerBuild) {
  ASSERT_TRUE(open()->flush());
  {
    const auto store = Store::open(directory_, Store::Access::kReadWrite);
    ASSERT_TRUE(store);
    rows::DirectoryRow row;
    row.set_format(2);
    row.set_partitions(2);
    ASSERT_TRUE((*store)->write_directory_row(row));
    ASSERT_TRUE((*store)->flush());
  }
  EXPECT_EQ(refusal().code, ErrorCode::kFailedPrecondition);
  {
    const auto store = Store::open(directory_, Store::Access::kReadWrite);
    rocksdb::ColumnFamilyHandle* family = nullptr;
    ASSERT_TRUE((*store)->db().CreateColumnFamily({}, "domains", &family).ok());
    ASSERT_TRUE((*store)->db().DestroyColumnFamilyHandle(family).ok());
  }
  EXPECT_NE(refusal().what.find("domains"), std::string::npos);
}

TEST_F(Replay, OfAStoppedDirectoryNeedsNoLogForItsDigest) {
  append_random(log_, 5, 200);
  std::vector<std::string> expected;
  {
    const auto projections = open();
    ASSERT_TRUE(projections->flush());
    expected = digest(*projections);
  }
  EXPECT_EQ(lines(digest_of_directory(directory_)), expected);
  EXPECT_EQ(expected.size(), kTableCount * 2);
  const auto missing = digest_of_directory(root_ / "nothing");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(root_ / "nothing"));
}

}  // namespace
}  // namespace keyfold::projections::testing
