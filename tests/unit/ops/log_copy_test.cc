#include "ops/replay/log_copy.h"

#include <gtest/gtest.h>

#include "events/embedded_log.h"
#include "tests/unit/events/sample_log.h"

namespace keyfold::ops {
namespace {

using events::testing::append_events;
using events::testing::expected_key_ids;
using events::testing::read_key_ids;
using keyfold::testing::TemporaryDirectory;

class LogCopy : public ::testing::Test {
 protected:
  [[nodiscard]] static std::unique_ptr<events::EmbeddedLog> open(const TemporaryDirectory& directory,
                                                                 std::uint32_t partitions = 3) {
    return events::EmbeddedLog::open({.directory = directory.path(), .partitions = partitions}).value();
  }

  TemporaryDirectory from_directory_;
  TemporaryDirectory to_directory_;
  std::unique_ptr<events::EmbeddedLog> from_ = open(from_directory_);
  std::unique_ptr<events::EmbeddedLog> to_ = open(to_directory_);
};

TEST_F(LogCopy, CopiesEveryEventByteForByte) {
  ASSERT_TRUE(append_events(*from_, 0, 2'500));
  ASSERT_TRUE(append_events(*from_, 2, 7));
  EXPECT_EQ(copy_log(*from_, *to_, {}).value(), 2'507u);
  for (const events::PartitionId partition : {0, 1, 2}) {
    EXPECT_EQ(to_->tail(partition).next, from_->tail(partition).next);
    EXPECT_EQ(to_->tail(partition).last_hash, from_->tail(partition).last_hash);
  }
  EXPECT_EQ(read_key_ids(*to_, 0), expected_key_ids(2'500));
}

TEST_F(LogCopy, GoesOnWhereItWasCutOff) {
  ASSERT_TRUE(append_events(*from_, 1, 10));
  ASSERT_EQ(copy_log(*from_, *to_, {}).value(), 10u);
  ASSERT_TRUE(append_events(*from_, 1, 5));
  EXPECT_EQ(copy_log(*from_, *to_, {}).value(), 5u);
  EXPECT_EQ(copy_log(*from_, *to_, {}).value(), 0u);
  EXPECT_EQ(read_key_ids(*to_, 1), expected_key_ids(15));
}

TEST_F(LogCopy, NeverCutsTheEventsOfOneCommandApart) {
  events::ChainState chain = from_->tail(0);
  events::Append append{0, chain.next, {}};
  constexpr std::uint32_t kBatch = 1'500;
  for (std::uint32_t i = 0; i < kBatch; ++i) {
    v1::EventHeader header = events::testing::next_header(0, chain);
    header.set_batch_index(i);
    header.set_batch_size(kBatch);
    append.records.push_back(events::encode(header, events::testing::key_deleted("key")));
    ASSERT_EQ(events::accept(chain, header, append.records.back().header), events::Verdict::kApplied);
  }
  ASSERT_TRUE(from_->append({&append, 1}));
  std::vector<std::uint64_t> steps;
  ASSERT_TRUE(copy_log(*from_, *to_, [&](const projections::Progress& progress) { steps.push_back(progress.done); }));
  EXPECT_EQ(steps, std::vector<std::uint64_t>{kBatch});
}

TEST_F(LogCopy, RefusesATargetWithOtherEvents) {
  ASSERT_TRUE(append_events(*from_, 0, 5));
  ASSERT_TRUE(append_events(*to_, 0, 3, "-other"));
  const auto refused = copy_log(*from_, *to_, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_EQ(refused.error().where, "0:2");
  EXPECT_EQ(read_key_ids(*to_, 0), expected_key_ids(3, "-other"));
}

TEST_F(LogCopy, RefusesATargetThatIsAhead) {
  ASSERT_TRUE(append_events(*from_, 0, 2));
  ASSERT_TRUE(append_events(*to_, 0, 3));
  EXPECT_EQ(copy_log(*from_, *to_, {}).error().code, ErrorCode::kFailedPrecondition);
}

TEST_F(LogCopy, RefusesATargetWithAnotherNumberOfPartitions) {
  TemporaryDirectory directory;
  const auto target = open(directory, 2);
  const auto refused = copy_log(*from_, *target, {});
  EXPECT_EQ(refused.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_NE(refused.error().what.find("3 partitions"), std::string::npos);
}

TEST_F(LogCopy, CopiesErasableEntriesAndRefusesStrangers) {
  ASSERT_TRUE(from_->put("dek/1", "one"));
  ASSERT_TRUE(from_->put("ring/ws_1", "1"));
  EXPECT_EQ(copy_erasable(*from_, *to_).value(), 2u);
  EXPECT_EQ(copy_erasable(*from_, *to_).value(), 2u) << "safe to repeat";
  EXPECT_EQ(to_->get("dek/1").value(), "one");
  ASSERT_TRUE(to_->put("dek/2", "two"));
  EXPECT_EQ(copy_erasable(*from_, *to_).error().code, ErrorCode::kFailedPrecondition);
}

}  // namespace
}  // namespace keyfold::ops
