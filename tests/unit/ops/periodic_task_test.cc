#include "ops/cli/periodic_task.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>

namespace keyfold::ops {
namespace {

constexpr std::chrono::hours kForEver{24};

void wait_for(const std::atomic<int>& count, int wanted) {
  for (int seen = count; seen < wanted; seen = count) count.wait(seen);
}

TEST(PeriodicTask, BeginsAtOnceAndGoesOnWithoutARest) {
  std::atomic<int> count{0};
  const PeriodicTask task([&](const std::stop_token&) {
    ++count;
    count.notify_all();
    return std::chrono::milliseconds(0);
  });
  wait_for(count, 5);
}

TEST(PeriodicTask, RestsUntilItIsWoken) {
  std::atomic<int> count{0};
  PeriodicTask task([&](const std::stop_token&) {
    ++count;
    count.notify_all();
    return std::chrono::milliseconds(kForEver);
  });
  for (int i = 1; i <= 3; ++i) {
    wait_for(count, i);
    EXPECT_EQ(count, i);
    task.wake();
  }
  wait_for(count, 4);
}

TEST(PeriodicTask, TellsTheWorkAtHandToStop) {
  std::atomic<int> begun{0};
  PeriodicTask task([&](const std::stop_token& stop) {
    ++begun;
    begun.notify_all();
    while (!stop.stop_requested()) std::this_thread::yield();
    return std::chrono::milliseconds(kForEver);
  });
  wait_for(begun, 1);
  task.stop();
  task.stop();
  EXPECT_EQ(begun, 1);
}

}  // namespace
}  // namespace keyfold::ops
