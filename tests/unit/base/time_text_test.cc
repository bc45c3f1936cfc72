#include "schemas/base/time_text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace keyfold {
namespace {

TEST(TimeText, ReadsRfc3339InAnyOffset) {
  EXPECT_EQ(parse_time("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(parse_time("2026-11-26T02:11:15.123Z"), 1'795'659'075'123);
  EXPECT_EQ(parse_time("2026-11-26T03:41:15.123+01:30"), 1'795'659'075'123);
  EXPECT_EQ(parse_time("2026-11-25t21:11:15.1239999-05:00"), 1'795'659'075'123);
  EXPECT_EQ(parse_time("2026-11-26 02:11:15.1Z"), 1'795'659'075'100);
}

TEST(TimeText, ReadsADateAndMilliseconds) {
  EXPECT_EQ(parse_time("2026-11-26"), 1'795'651'200'000);
  EXPECT_EQ(parse_time("1795659075123"), 1'795'659'075'123);
  EXPECT_EQ(parse_time("2024-02-29"), 1'709'164'800'000);
}

TEST(TimeText, RefusesEverythingElse) {
  for (const char* text : {"", "now", "2026-13-01", "2026-02-29", "2026-11-26T", "2026-11-26T02:11:15",
                           "2026-11-26T24:00:00Z", "2026-1-1", "-2026-11-26", "99999999999999999999"}) {
    EXPECT_EQ(parse_time(text), std::nullopt) << text;
  }
}

RC_GTEST_PROP(TimeText, EveryTimeComesBack, ()) {
  const std::int64_t ms = *rc::gen::inRange<std::int64_t>(0, 253'402'300'799'999);
  RC_ASSERT(parse_time(to_time_text(ms)) == ms);
}

}  // namespace
}  // namespace keyfold
