#include "gateway/subscriptions/start_time.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "tests/unit/projections/memory_log.h"

namespace keyfold::subscriptions {
namespace {

projections::testing::MemoryLog log_of(const std::vector<std::int64_t>& times_ms) {
  projections::testing::MemoryLog log(1);
  for (const std::int64_t time_ms : times_ms) {
    const events::ChainState chain = log.tail(0);
    v1::Payload payload;
    if (chain.next == 0) {
      payload.mutable_partition_opened()->set_epoch(1);
    } else {
      payload.mutable_api_created()->set_name("api");
    }
    v1::EventHeader header;
    header.set_schema_version(events::kSchemaVersion);
    header.set_time_ms(time_ms);
    header.set_sequence(chain.next);
    header.set_epoch(1);
    header.set_previous_hash(chain.last_hash.data(), chain.last_hash.size());
    header.set_batch_size(1);
    const events::Append append{0, chain.next, {events::encode(header, payload)}};
    const Status appended = log.append({&append, 1});
    EXPECT_TRUE(appended) << appended.error().to_string();
  }
  return log;
}

TEST(StartTime, IsTheFirstEventThatIsNotBefore) {
  const auto log = log_of({10, 20, 20, 30});
  EXPECT_EQ(first_at_or_after(log, 0, 4, 0), 0U);
  EXPECT_EQ(first_at_or_after(log, 0, 4, 10), 0U);
  EXPECT_EQ(first_at_or_after(log, 0, 4, 11), 1U);
  EXPECT_EQ(first_at_or_after(log, 0, 4, 20), 1U);
  EXPECT_EQ(first_at_or_after(log, 0, 4, 21), 3U);
  EXPECT_EQ(first_at_or_after(log, 0, 4, 31), 4U);
  EXPECT_EQ(first_at_or_after(log, 0, 3, 30), 3U);
  EXPECT_EQ(first_at_or_after(log, 0, 0, 30), 0U);
}

TEST(StartTime, TellsOfALogThatCannotBeRead) {
  auto log = log_of({10, 20});
  log.break_at(0);
  EXPECT_EQ(first_at_or_after(log, 0, 2, 15).error().code, ErrorCode::kDataLoss);
}

RC_GTEST_PROP(StartTime, MissesNothingWhenTheClockSteps, ()) {
  const auto times = *rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(0, 50));
  const auto time_ms = *rc::gen::inRange<std::int64_t>(0, 60);
  const auto log = log_of(times);
  const auto wanted = std::find_if(times.begin(), times.end(), [&](std::int64_t one) { return one >= time_ms; });
  RC_ASSERT(first_at_or_after(log, 0, times.size(), time_ms).value() ==
            static_cast<events::Sequence>(wanted - times.begin()));
}

}  // namespace
}  // namespace keyfold::subscriptions
