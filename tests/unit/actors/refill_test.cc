// Refills: the calendar as pure functions, and the decisions.
#include "actors/aggregates/refill.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "schemas/base/clock.h"
#include "tests/unit/actors/scenario.h"

namespace keyfold::actors::testing {
namespace {

/// The day of a date, counted the slow way.
std::int64_t day_of(int year, int month, int day) {
  const auto is_leap = [](int y) { return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0; };
  const auto days_in = [&](int y, int m) {
    constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return m == 2 && is_leap(y) ? 29 : kDays[m - 1];
  };
  std::int64_t count = day - 1;
  for (int y = 1970; y < year; ++y) count += is_leap(y) ? 366 : 365;
  for (int m = 1; m < month; ++m) count += days_in(year, m);
  return count;
}

v1::Refill daily() {
  v1::Refill refill;
  refill.set_interval(v1::Refill::DAILY);
  refill.set_amount(10);
  return refill;
}

v1::Refill monthly(std::uint32_t day) {
  v1::Refill refill = daily();
  refill.set_interval(v1::Refill::MONTHLY);
  refill.set_refill_day(day);
  return refill;
}

/// The rule as section 9.1 of the reference has it, for one day, with a calendar that counts days one by one.
bool is_due(const v1::Refill& refill, std::int64_t wanted) {
  if (refill.interval() == v1::Refill::DAILY) return true;
  int year = 1970;
  int month = 1;
  std::int64_t first = 0;
  while (true) {
    const std::int64_t next = month == 12 ? day_of(year + 1, 1, 1) : day_of(year, month + 1, 1);
    if (wanted < next) {
      const std::int64_t today = wanted - first + 1;
      const bool is_last = wanted + 1 == next;
      return today == refill.refill_day() || (is_last && refill.refill_day() > today);
    }
    first = next;
    month = month == 12 ? 1 : month + 1;
    if (month == 1) ++year;
  }
}

TEST(RefillCalendar, DailyIsDueOnceForAllDaysThatPassed) {
  EXPECT_EQ(due_day(daily(), 10, 11), 11);
  EXPECT_EQ(due_day(daily(), 10, 15), 15);
  EXPECT_EQ(due_day(daily(), 11, 11), std::nullopt);
  EXPECT_EQ(due_day(daily(), 12, 11), std::nullopt);
}

TEST(RefillCalendar, MonthlyIsDueOnItsDayAndOnNoOther) {
  const std::int64_t day = day_of(2026, 3, 15);
  EXPECT_EQ(due_day(monthly(15), day - 1, day), day);
  EXPECT_EQ(due_day(monthly(14), day - 1, day), std::nullopt);
  EXPECT_EQ(due_day(monthly(16), day - 1, day), std::nullopt);
}

TEST(RefillCalendar, DayThirtyOneIsTheLastDayOfAShorterMonth) {
  for (const auto& [year, month, last] : {std::tuple{2026, 2, 28}, {2028, 2, 29}, {2026, 4, 30}, {2100, 2, 28}}) {
    const std::int64_t day = day_of(year, month, last);
    EXPECT_EQ(due_day(monthly(31), day - 1, day), day) << year << "-" << month;
    EXPECT_EQ(due_day(monthly(31), day - 2, day - 1), std::nullopt) << year << "-" << month;
  }
}

TEST(RefillCalendar, ACatchUpFindsTheLastOfSeveralMonths) {
  EXPECT_EQ(due_day(monthly(31), day_of(2026, 1, 5), day_of(2026, 5, 5)), day_of(2026, 4, 30));
  EXPECT_EQ(due_day(monthly(5), day_of(2025, 12, 6), day_of(2026, 1, 4)), std::nullopt);
  EXPECT_EQ(due_day(monthly(5), day_of(2025, 12, 4), day_of(2026, 1, 4)), day_of(2025, 12, 5));
}

TEST(RefillCalendar, AgreesWithACalendarThatCountsDays) {
  EXPECT_TRUE(rc::check([] {
    const auto refill = *rc::gen::weightedOneOf<v1::Refill>(
        {{1, rc::gen::just(daily())},
         {4, rc::gen::map(rc::gen::inRange<std::uint32_t>(1, 32), [](std::uint32_t day) { return monthly(day); })}});
    const auto after = *rc::gen::inRange<std::int64_t>(0, 50'000);
    const auto through = after + *rc::gen::inRange<std::int64_t>(-2, 100);
    std::optional<std::int64_t> expected;
    for (std::int64_t day = after + 1; day <= through; ++day) {
      if (is_due(refill, day)) expected = day;
    }
    RC_ASSERT(due_day(refill, after, through) == expected);
  }));
}

TEST(UtcDay, BeginsAtMidnightAlsoBefore1970) {
  EXPECT_EQ(utc_day(0), 0);
  EXPECT_EQ(utc_day(kDayMs - 1), 0);
  EXPECT_EQ(utc_day(kDayMs), 1);
  EXPECT_EQ(utc_day(-1), -1);
  EXPECT_EQ(utc_day(-kDayMs), -1);
  EXPECT_EQ(utc_day(day_of(2026, 11, 25) * kDayMs + 5), day_of(2026, 11, 25));
}

// ---- the decisions: the given events happened on kNow's day

const std::int64_t kToday = utc_day(kNow);

Given given_key(const std::string& members) {
  return given(
      {"workspace_created { workspace_id: 'ws_1' name: 'one' }",
       "api_created { api_id: 'api_1' name: 'payments' keyspace_id: 'ks_1' }",
       "keyspace_created { keyspace_id: 'ks_1' api_id: 'api_1' }",
       "key_created { key_id: 'key_1' api_id: 'api_1' keyspace_id: 'ks_1' hash: 'h1' enabled: true " + members + " }"});
}
const std::string kDaily = "refill { interval: DAILY amount: 10 }";

std::string refill_through(std::int64_t day, std::int64_t after = 0) {
  return "refill_key { key_id: 'key_1' after_day: " + std::to_string(after) + " through_day: " + std::to_string(day) +
         " }";
}
std::string refilled(std::int64_t day, const std::string& previous = "") {
  return "key_refilled { key_id: 'key_1' amount: 10 " + previous + " day: " + std::to_string(day) + " }";
}

TEST(RefillKey, Rf1SetsABalanceBelowTheAmountToIt) {
  given_key("credits_remaining: 3 " + kDaily)
      .when(refill_through(kToday + 1))
      .then({refilled(kToday + 1, "previous: 3")});
}

TEST(RefillKey, SetsAnUnlimitedBalance) {
  given_key(kDaily).when(refill_through(kToday + 1)).then({refilled(kToday + 1)});
}

TEST(RefillKey, Rf2Rf6LeavesAMonthlyKeyAloneUntilItsDay) {
  // kNow is the 14th of November 2023.
  ASSERT_EQ(kToday, day_of(2023, 11, 14));
  const std::string members = "credits_remaining: 3 refill { interval: MONTHLY amount: 10 refill_day: 31 }";
  given_key(members).when(refill_through(day_of(2023, 11, 29))).then({});
  given_key(members).when(refill_through(day_of(2023, 11, 30))).then({refilled(day_of(2023, 11, 30), "previous: 3")});
}

TEST(RefillKey, Rf3NeverLowersABalance) {
  given_key("credits_remaining: 10 " + kDaily).when(refill_through(kToday + 1)).then({});
  given_key("credits_remaining: 11 " + kDaily).when(refill_through(kToday + 1)).then({});
}

TEST(RefillKey, Rf4Rf5HappensOnceADay) {
  given_key("credits_remaining: 3 " + kDaily)
      .and_given({refilled(kToday + 1), "key_credits_spent { key_id: 'key_1' cost: 10 remaining: 0 }"})
      .when(refill_through(kToday + 1))
      .then({});
}

TEST(RefillKey, HappensOnceForAllTheDaysOfADowntime) {
  given_key("credits_remaining: 3 " + kDaily)
      .when(refill_through(kToday + 9))
      .then({refilled(kToday + 9, "previous: 3")});
}

TEST(RefillKey, CountsFromTheDayOnWhichTheRefillWasSet) {
  given_key("credits_remaining: 3 " + kDaily).when(refill_through(kToday)).then({});
  given_key("credits_remaining: 3")
      .and_given({"key_updated { key_id: 'key_1' refill { value { interval: DAILY amount: 10 } } }"})
      .when(refill_through(kToday))
      .then({});
}

TEST(RefillKey, CountsFromTheWorkspacesMark) {
  given_key("credits_remaining: 3 " + kDaily).when(refill_through(kToday + 1, kToday + 1)).then({});
}

TEST(RefillKey, Rf7LeavesDeletedKeysAlone) {
  const auto key = [] { return given_key("credits_remaining: 3 " + kDaily); };
  key().and_given({"key_deleted { key_id: 'key_1' }"}).when(refill_through(kToday + 1)).then({});
  key().and_given({"key_deleted { key_id: 'key_1' permanent: true }"}).when(refill_through(kToday + 1)).then({});
  key().and_given({"api_deleted { api_id: 'api_1' }"}).when(refill_through(kToday + 1)).then({});
}

TEST(RefillKey, LeavesAKeyAloneWhoseRefillWasTakenAway) {
  given_key("credits_remaining: 3 " + kDaily)
      .and_given({"key_updated { key_id: 'key_1' refill { } }"})
      .when(refill_through(kToday + 1))
      .then({});
}

TEST(CompleteRefills, MovesTheMarkForwardOnly) {
  const std::string completed = "refills_completed { workspace_id: 'ws_1' through_day: 7 }";
  const std::string complete = "complete_refills { through_day: 7 }";
  given_key("").when(complete).then({completed});
  given_key("").and_given({completed}).when(complete).then({});
  given_key("").and_given({completed}).when("complete_refills { through_day: 6 }").then({});
}

}  // namespace
}  // namespace keyfold::actors::testing
