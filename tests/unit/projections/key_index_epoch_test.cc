#include "projections/key_index_epoch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

namespace keyfold::projections::testing {
namespace {

/// A reclaimer whose retired things are counted when they are freed.
class ReclaimerTest : public ::testing::Test {
 protected:
  void retire() {
    reclaimer_.retire([](void* owner, std::uint64_t what) { *static_cast<std::uint64_t*>(owner) += what; }, &freed_, 1);
  }
  std::uint64_t freed_ = 0;
  Reclaimer reclaimer_;
};

TEST_F(ReclaimerTest, WhatNobodyReadsIsFreedAtOnce) {
  retire();
  EXPECT_EQ(freed_, 0u);
  reclaimer_.reclaim();
  EXPECT_EQ(freed_, 1u);
  EXPECT_EQ(reclaimer_.waiting(), 0u);
}

TEST_F(ReclaimerTest, WhatAReaderMaySeeIsKeptUntilTheOutermostGuardEnds) {
  {
    const ReadGuard outer;
    { const ReadGuard inner; }
    retire();
    reclaimer_.reclaim();
    EXPECT_EQ(freed_, 0u);
  }
  reclaimer_.reclaim();
  EXPECT_EQ(freed_, 1u);
}

TEST_F(ReclaimerTest, AReaderThatCameLaterKeepsNothingThatWasUnlinkedBefore) {
  std::latch reading(1);
  std::latch leave(1);
  std::thread early([&] {
    const ReadGuard guard;
    reading.count_down();
    leave.wait();
  });
  reading.wait();
  retire();
  reclaimer_.reclaim();
  EXPECT_EQ(freed_, 0u);
  const ReadGuard late;
  leave.count_down();
  early.join();
  retire();
  reclaimer_.reclaim();
  EXPECT_EQ(freed_, 1u);
  EXPECT_EQ(reclaimer_.waiting(), 1u);
}

TEST_F(ReclaimerTest, ThreadsThatEndedKeepNothing) {
  for (int round = 0; round < 50; ++round) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([] { const ReadGuard guard; });
    for (std::thread& thread : threads) thread.join();
  }
  retire();
  reclaimer_.reclaim();
  EXPECT_EQ(freed_, 1u);
}

}  // namespace
}  // namespace keyfold::projections::testing
