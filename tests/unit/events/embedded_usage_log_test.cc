#include "events/embedded_usage_log.h"

#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <thread>

#include "events/usage_record.h"
#include "tests/temporary_directory.h"

namespace keyfold::events {
namespace {

using Mode = UsageLogOptions::Mode;

std::string batch_of(const std::string& request_id) {
  v1::UsageBatch batch;
  batch.add_verifications()->set_request_id(request_id);
  return batch.SerializeAsString();
}

class EmbeddedUsageLogTest : public ::testing::Test {
 protected:
  [[nodiscard]] Result<std::unique_ptr<EmbeddedUsageLog>> try_open(Mode mode = Mode::kReadWrite) const {
    return EmbeddedUsageLog::open({directory_.path() / "usage", mode});
  }
  [[nodiscard]] std::unique_ptr<EmbeddedUsageLog> open(Mode mode = Mode::kReadWrite) const {
    auto log = try_open(mode);
    if (!log) throw std::runtime_error(log.error().to_string());
    return *std::move(log);
  }
  /// Batches r0, r1, ... a second apart.
  static void fill(UsageLog& log, std::size_t batches) {
    for (std::size_t i = 0; i < batches; ++i) {
      const auto time_ms = static_cast<std::int64_t>(log.next()) * 1000;
      ASSERT_TRUE(log.append(time_ms, batch_of("r" + std::to_string(log.next()))));
    }
  }
  /// The request ids of what is read, with their sequences.
  static std::string read(const UsageLog& log, Sequence from, std::size_t max = 100) {
    std::string found;
    const auto next = log.read(from, max, [&](Sequence sequence, const v1::UsageBatch& batch) {
      found += std::to_string(sequence) + batch.verifications(0).request_id() + " ";
      return true;
    });
    return next ? found + std::to_string(*next) : next.error().to_string();
  }
  /// Changes the closed stream's database behind its back.
  template <class Change>
  void tamper(Change change) const {
    std::vector<rocksdb::ColumnFamilyHandle*> families;
    rocksdb::DB* raw = nullptr;
    ASSERT_TRUE(
        rocksdb::DB::Open({}, directory_.path() / "usage" / "db", {{"default", {}}, {"batches", {}}}, &families, &raw)
            .ok());
    const std::unique_ptr<rocksdb::DB> db(raw);
    change(*db, families);
    for (auto* family : families) ASSERT_TRUE(db->DestroyColumnFamilyHandle(family).ok());
  }
  static rocksdb::Slice slice(const UsageKey& key) { return {key.data(), key.size()}; }

  testing::TemporaryDirectory directory_;
};

TEST_F(EmbeddedUsageLogTest, GivesBatchesBackInOrder) {
  const auto log = open();
  fill(*log, 3);
  EXPECT_EQ(read(*log, 0), "0r0 1r1 2r2 3");
  EXPECT_EQ(read(*log, 1, 1), "1r1 2");
  EXPECT_EQ(read(*log, 3), "3");
}

TEST_F(EmbeddedUsageLogTest, StopsWhereTheVisitorWantsItTo) {
  const auto log = open();
  fill(*log, 3);
  EXPECT_EQ(log->read(0, 100, [](Sequence, const v1::UsageBatch&) { return false; }).value(), 1u);
}

TEST_F(EmbeddedUsageLogTest, GoesOnAfterItWasClosed) {
  {
    const auto log = open();
    fill(*log, 2);
  }
  const auto log = open();
  fill(*log, 1);
  EXPECT_EQ(read(*log, 0), "0r0 1r1 2r2 3");
}

TEST_F(EmbeddedUsageLogTest, WakesWhoWaitsForABatch) {
  const auto log = open();
  EXPECT_FALSE(log->wait(0, 0));
  std::thread appender([&] { fill(*log, 1); });
  EXPECT_TRUE(log->wait(0, 60'000));
  appender.join();
}

TEST_F(EmbeddedUsageLogTest, DropsWhatIsOlderThanATime) {
  const auto log = open();
  fill(*log, 5);
  EXPECT_EQ(log->drop_before(2'001).value(), 3u);
  EXPECT_EQ(log->first(), 3u);
  EXPECT_EQ(read(*log, 0), "3r3 4r4 5");
  EXPECT_EQ(log->drop_before(2'001).value(), 3u);
}

TEST_F(EmbeddedUsageLogTest, KeepsABatchOfExactlyThatTime) {
  const auto log = open();
  fill(*log, 5);
  EXPECT_EQ(log->drop_before(2'000).value(), 2u);
}

TEST_F(EmbeddedUsageLogTest, NeverDropsTheLastBatchSoThatSequencesGoOn) {
  {
    const auto log = open();
    fill(*log, 3);
    EXPECT_EQ(log->drop_before(1'000'000).value(), 2u);
  }
  const auto log = open();
  EXPECT_EQ(log->first(), 2u);
  fill(*log, 1);
  EXPECT_EQ(read(*log, 0), "2r2 3r3 4");
}

TEST_F(EmbeddedUsageLogTest, DropsNothingOfAnEmptyStream) { EXPECT_EQ(open()->drop_before(1'000'000).value(), 0u); }

TEST_F(EmbeddedUsageLogTest, BeginsAtTheSequenceThatItIsToldTo) {
  const auto log = open();
  ASSERT_TRUE(log->skip_to(7));
  EXPECT_EQ(log->first(), 7u);
  EXPECT_EQ(log->next(), 7u);
  fill(*log, 2);
  EXPECT_EQ(read(*log, 0), "7r7 8r8 9");
}

TEST_F(EmbeddedUsageLogTest, DropsWhatItSkips) {
  const auto log = open();
  fill(*log, 3);
  ASSERT_TRUE(log->skip_to(5));
  EXPECT_EQ(read(*log, 0), "0");
  EXPECT_TRUE(log->wait(4, 0));
  EXPECT_FALSE(log->wait(5, 0));
  fill(*log, 1);
  EXPECT_EQ(read(*log, 0), "5r5 6");
  EXPECT_EQ(log->drop_before(1'000'000).value(), 5u);
}

TEST_F(EmbeddedUsageLogTest, StaysWhereItSkippedTo) {
  fill(*open(), 3);
  ASSERT_TRUE(open()->skip_to(5));
  {
    const auto log = open();
    EXPECT_EQ(log->first(), 5u);
    EXPECT_EQ(log->next(), 5u);
    EXPECT_EQ(log->drop_before(1'000'000).value(), 5u);
    fill(*log, 2);
  }
  const auto log = open();
  EXPECT_EQ(read(*log, 0), "5r5 6r6 7");
  EXPECT_EQ(log->drop_before(1'000'000).value(), 6u);
}

TEST_F(EmbeddedUsageLogTest, NeverSkipsBackwards) {
  const auto log = open();
  fill(*log, 3);
  EXPECT_EQ(log->skip_to(2).error().code, ErrorCode::kInvalidArgument);
  ASSERT_TRUE(log->skip_to(3));
  EXPECT_EQ(log->first(), 3u);
}

TEST_F(EmbeddedUsageLogTest, MissesTheLastBatchOfAStreamThatSkipped) {
  {
    const auto log = open();
    ASSERT_TRUE(log->skip_to(5));
    fill(*log, 2);
    EXPECT_EQ(log->drop_before(1'000'000).value(), 6u);
  }
  tamper(
      [](rocksdb::DB& db, const auto& families) { ASSERT_TRUE(db.Delete({}, families[1], slice(usage_key(6))).ok()); });
  EXPECT_EQ(try_open().error().code, ErrorCode::kDataLoss);
}

TEST_F(EmbeddedUsageLogTest, CanBeReadBesideNobody) {
  EXPECT_EQ(try_open(Mode::kReadOnly).error().code, ErrorCode::kNotFound);
  fill(*open(), 2);
  const auto log = open(Mode::kReadOnly);
  EXPECT_EQ(read(*log, 0), "0r0 1r1 2");
  EXPECT_EQ(log->append(0, batch_of("x")).error().code, ErrorCode::kFailedPrecondition);
  EXPECT_EQ(log->drop_before(0).error().code, ErrorCode::kFailedPrecondition);
  EXPECT_EQ(log->skip_to(9).error().code, ErrorCode::kFailedPrecondition);
}

TEST_F(EmbeddedUsageLogTest, TakesNoCopyForAStreamOfItsOwn) {
  const auto open_copy = [this](const std::string& source) {
    return EmbeddedUsageLog::open({.directory = directory_.path() / "usage", .source = source});
  };
  (void)open();
  ASSERT_TRUE(open_copy("topic a")) << "nothing was in it";
  fill(*open_copy("topic a").value(), 1);
  EXPECT_EQ(open_copy("topic b").error().code, ErrorCode::kFailedPrecondition);
  EXPECT_EQ(try_open().error().what, "the usage directory is a copy of topic a, not a stream of its own");
  EXPECT_TRUE(open_copy("topic a"));
  EXPECT_TRUE(try_open(Mode::kReadOnly));
}

TEST_F(EmbeddedUsageLogTest, HasOneOwner) {
  const auto log = open();
  EXPECT_EQ(try_open().error().code, ErrorCode::kFailedPrecondition);
}

TEST_F(EmbeddedUsageLogTest, NamesADamagedBatch) {
  fill(*open(), 3);
  tamper([](rocksdb::DB& db, const auto& families) {
    std::string value;
    const UsageKey key = usage_key(1);
    ASSERT_TRUE(db.Get({}, families[1], slice(key), &value).ok());
    value[9] ^= 1;
    ASSERT_TRUE(db.Put({}, families[1], slice(key), value).ok());
  });
  EXPECT_EQ(read(*open(), 0).find("a batch of the usage stream is damaged (sequence 1)"), 0u);
}

TEST_F(EmbeddedUsageLogTest, NamesAMissingBatch) {
  fill(*open(), 3);
  tamper(
      [](rocksdb::DB& db, const auto& families) { ASSERT_TRUE(db.Delete({}, families[1], slice(usage_key(1))).ok()); });
  EXPECT_EQ(read(*open(), 0).find("a batch of the usage stream is missing (sequence 1)"), 0u);
}

TEST_F(EmbeddedUsageLogTest, TakesNoBatchForAnother) {
  fill(*open(), 3);
  tamper([](rocksdb::DB& db, const auto& families) {
    std::string value;
    ASSERT_TRUE(db.Get({}, families[1], slice(usage_key(0)), &value).ok());
    ASSERT_TRUE(db.Put({}, families[1], slice(usage_key(1)), value).ok());
  });
  EXPECT_EQ(read(*open(), 0).find("a batch of the usage stream is damaged (sequence 1)"), 0u);
}

TEST_F(EmbeddedUsageLogTest, RefusesAStreamWhoseLastBatchIsDamaged) {
  fill(*open(), 3);
  tamper([](rocksdb::DB& db, const auto& families) {
    ASSERT_TRUE(db.Put({}, families[1], slice(usage_key(2)), "short").ok());
  });
  const auto refused = try_open();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kDataLoss);
  EXPECT_EQ(refused.error().where, "sequence 2");
  EXPECT_FALSE(refused.error().hint.empty());
}

TEST_F(EmbeddedUsageLogTest, RefusesANewerFormat) {
  fill(*open(), 1);
  tamper([](rocksdb::DB& db, const auto& families) { ASSERT_TRUE(db.Put({}, families[0], "format", "2").ok()); });
  const auto refused = try_open();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_EQ(refused.error().what, "the usage stream has format 2, this build reads up to 1");
}

TEST_F(EmbeddedUsageLogTest, RefusesWhatANewerBuildAdded) {
  fill(*open(), 1);
  tamper([](rocksdb::DB& db, auto& families) {
    rocksdb::ColumnFamilyHandle* added = nullptr;
    ASSERT_TRUE(db.CreateColumnFamily({}, "added", &added).ok());
    families.push_back(added);
  });
  EXPECT_EQ(try_open().error().code, ErrorCode::kFailedPrecondition);
}

TEST_F(EmbeddedUsageLogTest, RefusesBatchesWithoutAFormat) {
  fill(*open(), 1);
  tamper([](rocksdb::DB& db, const auto& families) { ASSERT_TRUE(db.Delete({}, families[0], "format").ok()); });
  EXPECT_EQ(try_open().error().code, ErrorCode::kDataLoss);
}

}  // namespace
}  // namespace keyfold::events
