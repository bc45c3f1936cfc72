#include "events/kafka/log_copy.h"

#include <gtest/gtest.h>

#include "events/embedded_log.h"
#include "events/record_reader.h"
#include "events/record_writer.h"
#include "tests/unit/events/sample_log.h"

namespace keyfold::events {
namespace {

constexpr std::size_t kWalBytesMax = std::size_t{1} << 20;
const CopyOrigin kOrigin{"cluster", "keyfold.events", 4};

class LogCopyTest : public ::testing::Test {
 protected:
  Result<LogCopy> open(const CopyOrigin& origin = kOrigin) {
    return LogCopy::open(directory_.path() / "log", origin, kWalBytesMax);
  }
  testing::TemporaryDirectory directory_;
};

TEST_F(LogCopyTest, BeginsBeforeTheFirstRecord) {
  const auto copy = open();
  ASSERT_TRUE(copy) << copy.error().to_string();
  EXPECT_EQ(copy->mark(3).value(), TopicMark{});
}

TEST_F(LogCopyTest, KeepsRecordsWithHowFarTheTopicWasRead) {
  ChainState state;
  const Append append = testing::make_append(1, state, 2);
  TopicMark mark{7, 1'700'000'000'000, {}};
  mark.hash.fill(' ');
  {
    const auto copy = open();
    ASSERT_TRUE(copy);
    rocksdb::WriteBatch batch;
    for (Sequence s = 0; s < 2; ++s) {
      ASSERT_TRUE(put_record(copy->store(), {1, s}, {append.records[s].header, append.records[s].payload}, batch).ok());
    }
    ASSERT_TRUE(copy->put_mark(1, mark, batch).ok());
    ASSERT_TRUE(copy->write(batch));
  }
  const auto copy = open();
  ASSERT_TRUE(copy);
  EXPECT_EQ(copy->mark(1).value(), mark);
  EXPECT_EQ(copy->mark(0).value(), TopicMark{});
  EXPECT_EQ(read_head(copy->store(), 1)->last_hash, state.last_hash);
  EXPECT_TRUE(verify_records(copy->store(), 1, 0, 2));
}

TEST_F(LogCopyTest, IsRefusedForAnotherClusterTopicOrNumberOfPartitions) {
  ASSERT_TRUE(open());
  for (const CopyOrigin& other : {CopyOrigin{"other", "keyfold.events", 4}, CopyOrigin{"cluster", "other.events", 4},
                                  CopyOrigin{"cluster", "keyfold.events", 5}}) {
    const auto copy = open(other);
    ASSERT_FALSE(copy);
    EXPECT_EQ(copy.error().code, ErrorCode::kFailedPrecondition);
  }
  EXPECT_TRUE(open());
}

TEST_F(LogCopyTest, IsNotMadeBesideAnEmbeddedLog) {
  ASSERT_TRUE(EmbeddedLog::open({.directory = directory_.path() / "log"}));
  const auto copy = open();
  ASSERT_FALSE(copy);
  EXPECT_EQ(copy.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_EQ(copy.error().what, "the directory holds an embedded log");
}

TEST_F(LogCopyTest, HasOneOwner) {
  const auto copy = open();
  ASSERT_TRUE(copy);
  EXPECT_EQ(open().error().code, ErrorCode::kFailedPrecondition);
}

}  // namespace
}  // namespace keyfold::events
