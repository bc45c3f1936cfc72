#include "gateway/subscriptions/subscriber_limits.h"

#include <gtest/gtest.h>

#include <utility>

namespace keyfold::subscriptions {
namespace {

using Full = SubscriberLimits::Full;

TEST(SubscriberLimits, AreOfAllAndOfEachWorkspace) {
  SubscriberLimits limits(3, 2);
  auto first = limits.enter("ws_1");
  auto second = limits.enter("ws_1");
  EXPECT_EQ(limits.enter("ws_1").error(), Full::kWorkspace);
  auto third = limits.enter("ws_2");
  EXPECT_TRUE(third);
  EXPECT_EQ(limits.enter("ws_3").error(), Full::kServer);
  EXPECT_EQ(limits.seated(), 3U);
  first->leave();
  first->leave();
  EXPECT_EQ(limits.seated(), 2U);
  EXPECT_TRUE(limits.enter("ws_1"));
}

TEST(SubscriberLimits, SeatIsGivenBackOnceByWhoeverHoldsIt) {
  SubscriberLimits limits(1, 1);
  {
    auto seat = limits.enter("ws_1");
    const Seat moved(*std::move(seat));
    EXPECT_EQ(limits.seated(), 1U);
  }
  EXPECT_EQ(limits.seated(), 0U);
}

}  // namespace
}  // namespace keyfold::subscriptions
