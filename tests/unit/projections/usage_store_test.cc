#include "projections/usage_store.h"

#include <rocksdb/db.h>

#include "projections/usage_store_options.h"
#include "tests/unit/projections/usage_fixture.h"

namespace keyfold::projections::testing {
namespace {

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;
constexpr std::int64_t kAlways = 100'000 * kDay;

using UsageStoreTest = UsageFixture;

void charge(v1::UsageBatch& batch, const std::string& counter, std::int64_t window, std::int64_t tokens,
            std::int64_t duration_ms = 1'000) {
  auto& charged = *batch.add_window_charges();
  charged.set_counter(counter);
  charged.set_duration_ms(duration_ms);
  charged.set_window(window);
  charged.set_tokens(tokens);
}

TEST_F(UsageStoreTest, KnowsTheMinuteOfAKeysLastUse) {
  EXPECT_EQ(last_used("key_1"), 0);
  append({{"key_1", "", 3 * kMinute + 59'999}});
  EXPECT_EQ(last_used("key_1"), 3 * kMinute);
  EXPECT_EQ(last_used("key_2"), 0);
}

TEST_F(UsageStoreTest, MovesTheLastUseOnlyForward) {
  append({{"key_1", "", 9 * kMinute}});
  append({{"key_1", "", 4 * kMinute}});
  EXPECT_EQ(last_used("key_1"), 9 * kMinute);
}

TEST_F(UsageStoreTest, CountsEveryOutcomeAsUse) {
  append({{"key_1", "", kMinute, "DISABLED"}});
  EXPECT_EQ(last_used("key_1"), kMinute);
}

TEST_F(UsageStoreTest, KeepsTheLastUseWhenAKeyChangesItsIdentity) {
  append({{"key_1", "ann", 5 * kMinute}, {"key_1", "", 7 * kMinute}, {"key_1", "bob", 6 * kMinute}});
  EXPECT_EQ(last_used("key_1"), 7 * kMinute);
}

TEST_F(UsageStoreTest, KeepsWorkspacesApart) {
  append({{"key_1", "ann", kMinute}});
  EXPECT_EQ(store->last_used_at_ms("ws_2", "key_1").value(), 0);
  EXPECT_EQ(store->last_used_at_ms("ws_", "1key_1").value(), 0);
}

TEST_F(UsageStoreTest, CountsAnIdentitysVerificationsByMinute) {
  append({{"key_1", "ann", kHour + 5 * kMinute}, {"key_1", "ann", kHour + 5 * kMinute + 1}});
  append({{"key_1", "ann", kHour + 5 * kMinute, "EXPIRED"}, {"key_2", "ann", kHour + 6 * kMinute}});
  append({{"key_3", "bob", kHour + 5 * kMinute}, {"key_4", "", kHour + 5 * kMinute}});
  EXPECT_EQ(counts({.external_id = "ann", .bucket = UsageBucket::kMinute, .to_ms = kAlways}),
            "65 key_1 EXPIRED 1, 65 key_1 VALID 2, 66 key_2 VALID 1");
}

TEST_F(UsageStoreTest, CountsByHour) {
  append({{"key_1", "ann", kHour}, {"key_1", "ann", 2 * kHour - 1}, {"key_1", "ann", 2 * kHour}});
  EXPECT_EQ(counts({.external_id = "ann", .bucket = UsageBucket::kHour, .to_ms = kAlways}),
            "60 key_1 VALID 2, 120 key_1 VALID 1");
}

TEST_F(UsageStoreTest, CountsByDay) {
  append({{"key_1", "ann", kDay}, {"key_1", "ann", 2 * kDay - 1}, {"key_1", "ann", 2 * kDay, "DISABLED"}});
  EXPECT_EQ(counts({.external_id = "ann", .bucket = UsageBucket::kDay, .to_ms = kAlways}),
            "1440 key_1 VALID 2, 2880 key_1 DISABLED 1");
}

TEST_F(UsageStoreTest, CountsBucketsThatBeginInTheRange) {
  append({{"key_1", "ann", kHour}, {"key_1", "ann", kHour + kMinute}, {"key_1", "ann", kHour + 2 * kMinute}});
  EXPECT_EQ(counts({.external_id = "ann",
                    .bucket = UsageBucket::kMinute,
                    .from_ms = kHour + kMinute,
                    .to_ms = kHour + 2 * kMinute}),
            "61 key_1 VALID 1");
}

TEST_F(UsageStoreTest, CountsOneKeyWhoeverItBelongedTo) {
  append({{"key_1", "ann", kHour}, {"key_1", "", 2 * kHour}, {"key_1", "bob", 3 * kHour}, {"key_2", "ann", kHour}});
  EXPECT_EQ(counts({.key_id = "key_1", .to_ms = kAlways}), "60 key_1 VALID 1, 180 key_1 VALID 1, 120 key_1 VALID 1");
}

TEST_F(UsageStoreTest, CountsOneKeyWhileItWasAnIdentitys) {
  append({{"key_1", "ann", kHour}, {"key_1", "bob", 3 * kHour}, {"key_2", "ann", kHour}});
  EXPECT_EQ(counts({.external_id = "ann", .key_id = "key_1", .to_ms = kAlways}), "60 key_1 VALID 1");
}

TEST_F(UsageStoreTest, LetsNoExternalIdReachIntoAnothersCounts) {
  append({{"key_1", "ann/1", kHour}, {"key_2", "ann", kHour}, {"key_3", std::string("ann\0", 4), kHour}});
  EXPECT_EQ(counts({.external_id = "ann", .to_ms = kAlways}), "60 key_2 VALID 1");
}

TEST_F(UsageStoreTest, SumsUpWindowsUntilTheyExpire) {
  v1::UsageBatch batch;
  charge(batch, "a", 10, 2);
  charge(batch, "a", 10, 3);
  charge(batch, "b", 11, 1);
  append(batch);
  append(batch);
  ASSERT_TRUE(store->catch_up());
  using Windows = std::map<std::string, std::int64_t>;
  EXPECT_EQ(windows(11'999), (Windows{{"a/1000/10", 10}, {"b/1000/11", 2}}));
  EXPECT_EQ(windows(12'000), (Windows{{"b/1000/11", 2}}));
  EXPECT_EQ(windows(13'000), Windows());
}

TEST_F(UsageStoreTest, RemovesExpiredWindowsAndKeepsTheOthers) {
  v1::UsageBatch batch;
  charge(batch, "a", 10, 2);
  charge(batch, "b", 11, 1);
  charge(batch, "c", 0, 7, std::numeric_limits<std::int64_t>::max());
  append(batch);
  ASSERT_TRUE(store->catch_up());
  ASSERT_TRUE(store->drop_expired_windows(12'000));
  EXPECT_EQ(windows(0), (std::map<std::string, std::int64_t>{{"b/1000/11", 1}, {"c/9223372036854775807/0", 7}}));
}

TEST_F(UsageStoreTest, IsTheSameAfterItWasKilled) {
  append({{"key_1", "ann", kHour}});
  ASSERT_TRUE(store->flush());
  append({{"key_1", "ann", kHour}});
  reopen();
  EXPECT_EQ(store->next(), 2u);
  EXPECT_EQ(counts({.external_id = "ann", .to_ms = kAlways}), "60 key_1 VALID 2");
}

TEST_F(UsageStoreTest, IsTheSameAfterItWasDeleted) {
  append({{"key_1", "ann", kHour}});
  append({{"key_1", "ann", kHour}});
  ASSERT_TRUE(store->flush());
  close();
  std::filesystem::remove_all(options().directory);
  open();
  EXPECT_EQ(counts({.external_id = "ann", .to_ms = kAlways}), "60 key_1 VALID 2");
  EXPECT_EQ(last_used("key_1"), kHour);
}

TEST_F(UsageStoreTest, BeginsWhereTheStreamBeginsWhenItWasDeleted) {
  append({{"key_1", "ann", kHour}});
  v1::UsageBatch later;
  *later.add_verifications() = verification_of({"key_2", "ann", 2 * kHour});
  append(later, 2 * kHour);
  ASSERT_TRUE(log->drop_before(kHour));
  close();
  std::filesystem::remove_all(options().directory);
  open();
  EXPECT_EQ(counts({.external_id = "ann", .to_ms = kAlways}), "120 key_2 VALID 1");
}

TEST_F(UsageStoreTest, ShowsNothingThatIsOnlyGathered) {
  v1::UsageBatch batch;
  charge(batch, "a", 10, 2);
  append(batch);
  append(batch);
  ASSERT_TRUE(store->gather_rest());
  EXPECT_EQ(windows(0).size(), 0u);
  EXPECT_EQ(store->next(), 0u);
  ASSERT_TRUE(store->commit());
  EXPECT_EQ(windows(0).at("a/1000/10"), 4);
  EXPECT_EQ(store->next(), 2u);
}

TEST_F(UsageStoreTest, GathersTheRestBehindWhatIsGathered) {
  v1::UsageBatch batch;
  charge(batch, "a", 10, 2);
  append(batch);
  ASSERT_TRUE(store->gather(0, batch));
  append(batch);
  append(batch);
  EXPECT_EQ(store->gather(2, batch).error().code, ErrorCode::kFailedPrecondition);
  ASSERT_TRUE(store->gather_rest());
  ASSERT_TRUE(store->commit());
  EXPECT_EQ(windows(0).at("a/1000/10"), 6);
}

TEST_F(UsageStoreTest, GoesOnWhereTheStreamSkippedTo) {
  v1::UsageBatch batch;
  charge(batch, "a", 10, 2);
  append(batch);
  ASSERT_TRUE(store->gather(0, batch));
  ASSERT_TRUE(log->skip_to(7));
  append(batch);
  ASSERT_TRUE(store->catch_up());
  EXPECT_EQ(windows(0).at("a/1000/10"), 4);
  EXPECT_EQ(store->next(), 8u);
  reopen();
  EXPECT_EQ(store->next(), 8u);
}

TEST_F(UsageStoreTest, RefusesABatchThatIsNotTheNext) {
  EXPECT_EQ(store->fold(1, {}).error().code, ErrorCode::kFailedPrecondition);
  EXPECT_EQ(store->next(), 0u);
}

TEST_F(UsageStoreTest, RefusesToBeAheadOfTheStream) {
  append({{"key_1", "ann", kHour}});
  ASSERT_TRUE(store->flush());
  close();
  std::filesystem::remove_all(directory.path() / "usage");
  log = events::EmbeddedUsageLog::open({directory.path() / "usage"}).value();
  const auto refused = UsageStore::open(options(), *log);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kDataLoss);
  EXPECT_NE(refused.error().hint.find("delete"), std::string::npos);
}

TEST_F(UsageStoreTest, RefusesADamagedStream) {
  append({{"key_1", "ann", kHour}});
  close();
  log = events::EmbeddedUsageLog::open({directory.path() / "usage"}).value();
  ASSERT_TRUE(log->append(0, "no batch"));
  EXPECT_EQ(UsageStore::open(options(), *log).error().code, ErrorCode::kDataLoss);
}

class UsageStoreFiles : public UsageFixture {
 protected:
  /// Changes the closed store's database behind its back.
  template <class Change>
  void tamper(Change change) {
    store.reset();
    const std::atomic<std::int64_t> now{0};
    const auto filter = make_age_filter(now, 0);
    std::vector<rocksdb::ColumnFamilyHandle*> families;
    rocksdb::DB* raw = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(usage_store_options(*log), options().directory,
                                  usage_store_families(*filter, *filter), &families, &raw)
                    .ok());
    const std::unique_ptr<rocksdb::DB> db(raw);
    change(*db, families);
    ASSERT_TRUE(db->Flush({}, families).ok());
    for (auto* family : families) ASSERT_TRUE(db->DestroyColumnFamilyHandle(family).ok());
  }
  static rocksdb::WriteOptions without_wal() {
    rocksdb::WriteOptions options;
    options.disableWAL = true;
    return options;
  }
};

TEST_F(UsageStoreFiles, RefuseANewerFormat) {
  ASSERT_TRUE(store->flush());
  tamper([](rocksdb::DB& db, const auto& families) {
    ASSERT_TRUE(db.Put(without_wal(), families[0], "format", std::string("\0\0\0\0\0\0\0\2", 8)).ok());
  });
  const auto refused = UsageStore::open(options(), *log);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_EQ(refused.error().what, "the usage projections have format 2, this build reads 1");
}

TEST_F(UsageStoreFiles, RefuseADamagedCheckpoint) {
  tamper([](rocksdb::DB& db, const auto& families) {
    ASSERT_TRUE(db.Put(without_wal(), families[0], "checkpoint", "short").ok());
  });
  EXPECT_EQ(UsageStore::open(options(), *log).error().code, ErrorCode::kDataLoss);
}

TEST_F(UsageStoreFiles, LoseOldBucketsWhenTheyAreRewritten) {
  append({{"key_1", "ann", kHour}, {"key_1", "ann", 400 * kDay}});
  ASSERT_TRUE(store->flush());
  store.reset();
  const std::atomic<std::int64_t> now{400 * kDay};
  const auto minutes = make_age_filter(now, 90 * kDay);
  const auto days = make_age_filter(now, 365 * kDay);
  std::vector<rocksdb::ColumnFamilyHandle*> families;
  rocksdb::DB* raw = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open(usage_store_options(*log), options().directory, usage_store_families(*minutes, *days),
                                &families, &raw)
                  .ok());
  {
    const std::unique_ptr<rocksdb::DB> db(raw);
    rocksdb::CompactRangeOptions everything;
    everything.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    for (auto* family : families) ASSERT_TRUE(db->CompactRange(everything, family, nullptr, nullptr).ok());
    for (auto* family : families) ASSERT_TRUE(db->DestroyColumnFamilyHandle(family).ok());
  }
  store = UsageStore::open(options(), *log).value();
  EXPECT_EQ(counts({.external_id = "ann", .to_ms = kAlways}), "576000 key_1 VALID 1");
  EXPECT_EQ(counts({.external_id = "ann", .bucket = UsageBucket::kDay, .to_ms = kAlways}), "576000 key_1 VALID 1");
}

}  // namespace
}  // namespace keyfold::projections::testing
