#include "projections/sliding_windows.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <atomic>
#include <limits>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <tuple>

namespace keyfold::projections {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kStartMs = 1'000 * kMinuteMs;  // where a window begins
constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();

struct Charge {
  std::string counter;
  std::int64_t duration_ms = 0;
  std::int64_t window = 0;
  std::int64_t tokens = 0;
  friend bool operator==(const Charge&, const Charge&) = default;
};

class Charges final : public ChargeSink {
 public:
  void charged(std::string_view counter, std::int64_t duration_ms, std::int64_t window, std::int64_t tokens) override {
    seen.push_back({std::string(counter), duration_ms, window, tokens});
  }
  std::vector<Charge> seen;
};

WindowCheck of(std::string_view counter, std::int64_t limit, std::int64_t cost = 1) {
  return {counter, limit, kMinuteMs, cost};
}

WindowVerdict check(SlidingWindows& windows, const WindowCheck& one, std::int64_t now_ms = kStartMs) {
  return windows.check({&one, 1}, now_ms).front();
}

/// Limit 10 in a minute, with that many tokens in this window and the one before.
WindowVerdict check_after(std::int64_t current, std::int64_t previous, std::int64_t elapsed_ms, std::int64_t cost) {
  SlidingWindows windows(1'000);
  windows.restore("c", kMinuteMs, kStartMs / kMinuteMs, current);
  windows.restore("c", kMinuteMs, kStartMs / kMinuteMs - 1, previous);
  return check(windows, of("c", 10, cost), kStartMs + elapsed_ms);
}

void expect(const WindowVerdict& verdict, bool passed, std::int64_t remaining) {
  EXPECT_EQ(verdict.passed, passed);
  EXPECT_EQ(verdict.remaining, remaining);
}

TEST(SlidingWindows, Sw1Sw2Sw3Sw4CountInTheCurrentWindow) {
  expect(check_after(0, 0, 0, 1), true, 9);
  expect(check_after(9, 0, 0, 1), true, 0);
  expect(check_after(10, 0, 0, 0), true, 0);
  expect(check_after(10, 0, 0, 1), false, 0);
}

TEST(SlidingWindows, Sw5Sw6CarryThePartOfTheLastWindowThatIsLeft) {
  expect(check_after(5, 10, kMinuteMs / 2, 1), false, 0);
  expect(check_after(5, 10, kMinuteMs * 99 / 100, 1), true, 4);
}

TEST(SlidingWindows, Sw7NeverGrantAPartOfACost) {
  SlidingWindows windows(1'000);
  expect(check(windows, of("c", 10, 100)), false, 0);
  expect(check(windows, of("c", 10, 10)), true, 0);
}

TEST(SlidingWindows, Sw8ABatchWithOneFailureCountsNothing) {
  SlidingWindows windows(1'000);
  expect(check(windows, of("full", 1)), true, 0);
  const WindowCheck batch[] = {of("a", 10, 3), of("full", 1), of("b", 5, 2)};
  const auto verdicts = windows.check(batch, kStartMs);
  expect(verdicts[0], true, 10);
  expect(verdicts[1], false, 0);
  expect(verdicts[2], true, 5);
  expect(check(windows, of("a", 10, 0)), true, 10);
  expect(check(windows, of("b", 5, 0)), true, 5);
}

TEST(SlidingWindows, Sw9CountWithoutAnythingToShareTheCountsWith) {
  SlidingWindows windows(1'000, nullptr);
  expect(check(windows, of("c", 2)), true, 1);
}

TEST(SlidingWindows, Sw10ForgetWhatHasExpired) {
  SlidingWindows windows(100'000);
  for (int i = 0; i < 1'000; ++i) expect(check(windows, of("old" + std::to_string(i), 1)), true, 0);
  EXPECT_EQ(windows.stats().counters, 1'000);
  for (int i = 0; i < 2'000; ++i) {
    expect(check(windows, of("new" + std::to_string(i), 1), kStartMs + 3 * kMinuteMs), true, 0);
  }
  EXPECT_LT(windows.stats().counters, 2'100);
}

TEST(SlidingWindows, ABatchSeesItsOwnCostsInOrder) {
  SlidingWindows windows(1'000);
  const WindowCheck fits[] = {of("c", 10, 4), of("c", 10, 5)};
  auto verdicts = windows.check(fits, kStartMs);
  expect(verdicts[0], true, 6);
  expect(verdicts[1], true, 1);
  const WindowCheck too_much[] = {of("c", 10, 1), of("c", 10, 1)};
  verdicts = windows.check(too_much, kStartMs);
  expect(verdicts[0], true, 1);
  expect(verdicts[1], false, 0);
  expect(check(windows, of("c", 10, 0)), true, 1);
}

TEST(SlidingWindows, CountEveryDurationByItselfAndEveryLimitTogether) {
  SlidingWindows windows(1'000);
  expect(check(windows, of("c", 10, 6)), true, 4);
  expect(check(windows, of("c", 20)), true, 13);
  expect(check(windows, {"c", 10, 2 * kMinuteMs, 1}), true, 9);
}

TEST(SlidingWindows, TellWhenTheWindowEnds) {
  SlidingWindows windows(1'000);
  EXPECT_EQ(check(windows, of("c", 1), kStartMs + 1).reset_ms, kStartMs + kMinuteMs);
  EXPECT_EQ(check(windows, of("c", 1), kStartMs + 2).reset_ms, kStartMs + kMinuteMs);
}

TEST(SlidingWindows, ALimitOfZeroLetsNothingThrough) {
  SlidingWindows windows(1'000);
  expect(check(windows, of("c", 0, 1)), false, 0);
  expect(check(windows, of("c", 0, 0)), false, 0);
}

TEST(SlidingWindows, HoldTheLargestNumbers) {
  SlidingWindows windows(1'000);
  expect(check(windows, {"c", kHuge, kHuge, kHuge}), true, 0);
  expect(check(windows, {"c", kHuge, kHuge, kHuge}), false, 0);
  expect(check(windows, {"d", kHuge, kMinuteMs, kHuge}), true, 0);
  expect(check(windows, {"d", kHuge, kMinuteMs, 1}, kStartMs + kMinuteMs + 1), true, kHuge / kMinuteMs);
  windows.restore("d", kMinuteMs, kStartMs / kMinuteMs + 1, kHuge);
  expect(check(windows, {"d", kHuge, kMinuteMs, 1}, kStartMs + kMinuteMs + 1), false, 0);
}

TEST(SlidingWindows, AClockThatStepsBackGivesNoTokensBack) {
  SlidingWindows windows(1'000);
  expect(check(windows, of("c", 2, 2), kStartMs + kMinuteMs), true, 0);
  expect(check(windows, of("c", 2), kStartMs), false, 0);
  EXPECT_EQ(check(windows, of("c", 2), kStartMs).reset_ms, kStartMs + 2 * kMinuteMs);
}

TEST(SlidingWindows, AreFullForNewCountersAloneAndRecover) {
  SlidingWindows windows(64);  // one in each shard
  for (int i = 0; i < 1'000; ++i) (void)check(windows, of(std::to_string(i), 9));
  EXPECT_LE(windows.stats().counters, 64);
  EXPECT_GE(windows.stats().refused, 900);
  EXPECT_TRUE(check(windows, of("one more", 9)).lacks_room);
  EXPECT_FALSE(check(windows, of("one more", 9, 10)).lacks_room);
  expect(check(windows, of("0", 9)), true, 7);
  const std::int64_t later_ms = kStartMs + 3 * kMinuteMs;
  expect(check(windows, of("late", 9), later_ms), true, 8);
}

TEST(SlidingWindows, AreNotFilledByWhatIsRefusedOrCostsNothing) {
  SlidingWindows windows(1'000);
  for (int i = 0; i < 100; ++i) {
    (void)check(windows, of(std::to_string(i), 1, 2));
    (void)check(windows, of(std::to_string(i), 1, 0));
  }
  EXPECT_EQ(windows.stats().counters, 0);
}

TEST(SlidingWindows, TellTheSinkWhatWasCountedAndStandAgainFromIt) {
  Charges charges;
  SlidingWindows windows(1'000, &charges);
  const WindowCheck batch[] = {of("a", 10, 3), of("b", 10, 0), of("a", 10, 2)};
  (void)windows.check(batch, kStartMs);
  (void)check(windows, of("a", 10, 9));
  (void)check(windows, of("a", 10, 1), kStartMs + kMinuteMs);
  const std::int64_t window = kStartMs / kMinuteMs;
  const std::vector<Charge> expected = {
      {"a", kMinuteMs, window, 3}, {"a", kMinuteMs, window, 2}, {"a", kMinuteMs, window + 1, 1}};
  EXPECT_EQ(charges.seen, expected);

  SlidingWindows again(1'000);
  for (auto it = charges.seen.rbegin(); it != charges.seen.rend(); ++it) {
    again.restore(it->counter, it->duration_ms, it->window, it->tokens);
  }
  again.restore("a", kMinuteMs, window - 5, 10);  // too old to matter
  const std::int64_t now_ms = kStartMs + kMinuteMs + kMinuteMs / 2;
  expect(check(again, of("a", 10, 0), now_ms), true, check(windows, of("a", 10, 0), now_ms).remaining);
}

/// The definition, from a list of everything that was ever counted.
class Model {
 public:
  std::vector<WindowVerdict> check(std::span<const WindowCheck> checks, std::int64_t now_ms) {
    std::vector<WindowVerdict> verdicts;
    auto counts = counts_;
    bool all_passed = true;
    for (const WindowCheck& one : checks) {
      const std::int64_t window = now_ms / one.duration_ms;
      const auto count = [&](std::int64_t of_window) -> std::int64_t& {
        return counts[{std::string(one.counter), one.duration_ms, of_window}];
      };
      count(window) += one.cost;
      const std::int64_t left = one.duration_ms - now_ms % one.duration_ms;
      const std::int64_t effective = count(window) + count(window - 1) * left / one.duration_ms;
      const bool passed = one.limit > 0 && effective <= one.limit;
      verdicts.push_back({passed, passed ? one.limit - effective : 0, (window + 1) * one.duration_ms});
      all_passed = all_passed && passed;
    }
    if (all_passed) {
      counts_ = counts;
    } else {
      for (std::size_t i = 0; i < checks.size(); ++i) {
        if (verdicts[i].passed) verdicts[i].remaining += checks[i].cost;
      }
    }
    return verdicts;
  }

 private:
  std::map<std::tuple<std::string, std::int64_t, std::int64_t>, std::int64_t> counts_;
};

RC_GTEST_PROP(SlidingWindowsProperty, AnswerAsTheDefinitionDoes, ()) {
  static const std::string kCounters[] = {"a", "b", "c"};
  SlidingWindows windows(10'000);
  Model model;
  std::int64_t now_ms = kStartMs;
  const auto steps = *rc::gen::inRange(1, 60);
  for (int step = 0; step < steps; ++step) {
    now_ms += *rc::gen::inRange(0, 1'500);
    std::vector<WindowCheck> checks(static_cast<std::size_t>(*rc::gen::inRange(1, 5)));
    for (WindowCheck& one : checks) {
      one = {kCounters[*rc::gen::inRange(0, 3)], *rc::gen::inRange(0, 12), *rc::gen::element(1'000, 3'000),
             *rc::gen::inRange(0, 4)};
    }
    const auto expected = model.check(checks, now_ms);
    const auto actual = windows.check(checks, now_ms);
    for (std::size_t i = 0; i < checks.size(); ++i) {
      RC_ASSERT(actual[i].passed == expected[i].passed);
      RC_ASSERT(actual[i].remaining == expected[i].remaining);
      RC_ASSERT(actual[i].reset_ms == expected[i].reset_ms);
    }
  }
}

/// Sums what threads were charged, by window.
class WindowSums final : public ChargeSink {
 public:
  void charged(std::string_view, std::int64_t, std::int64_t window, std::int64_t tokens) override {
    const std::lock_guard lock(mutex_);
    sums[window] += tokens;
  }
  std::map<std::int64_t, std::int64_t> sums;

 private:
  std::mutex mutex_;
};

RC_GTEST_PROP(SlidingWindowsProperty, ThreadsTogetherFillNoWindowBeyondItsLimit, ()) {
  constexpr int kThreads = 3;
  const std::int64_t limit = *rc::gen::inRange(1, 40);
  const std::int64_t step_ms = *rc::gen::inRange(0, 60);
  const auto costs = *rc::gen::container<std::vector<int>>(150, rc::gen::inRange(0, 5));
  WindowSums charges;
  SlidingWindows windows(1'000, &charges);
  std::atomic<std::int64_t> clock_ms{kStartMs};
  std::atomic<std::int64_t> admitted{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&] {
      for (const int cost : costs) {
        if (check(windows, {"c", limit, 1'000, cost}, clock_ms.fetch_add(step_ms)).passed) admitted += cost;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::int64_t sum = 0;
  for (const auto& [window, tokens] : charges.sums) {
    RC_ASSERT(tokens <= limit);
    sum += tokens;
  }
  RC_ASSERT(sum == admitted);
}

TEST(SlidingWindowsThreads, TogetherAdmitExactlyTheLimit) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 4'000;
  constexpr std::int64_t kLimit = 5'000;
  SlidingWindows windows(1'000);
  std::atomic<std::int64_t> admitted_a{0};
  std::atomic<std::int64_t> admitted_b{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int round = 0; round < kRounds; ++round) {
        // Both orders, so that a deadlock would show.
        const WindowCheck forth[] = {of("a", kLimit), of("b", kHuge)};
        const WindowCheck back[] = {of("b", kHuge), of("a", kLimit)};
        const auto verdicts = windows.check(thread % 2 == 0 ? forth : back, kStartMs);
        if (!verdicts[0].passed || !verdicts[1].passed) continue;
        ++admitted_a;
        ++admitted_b;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(admitted_a, kLimit);
  expect(check(windows, of("b", kHuge, 0)), true, kHuge - admitted_b);
}

}  // namespace
}  // namespace keyfold::projections
