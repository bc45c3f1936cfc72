#include <rapidcheck.h>

#include <limits>

#include "projections/key.h"
#include "tests/unit/actors/scenario.h"

namespace keyfold::actors::testing {
namespace {

Given given_key(const std::string& members) {
  return given(
      {"workspace_created { workspace_id: 'ws_1' name: 'one' }",
       "api_created { api_id: 'api_1' name: 'payments' keyspace_id: 'ks_1' }",
       "keyspace_created { keyspace_id: 'ks_1' api_id: 'api_1' }",
       "key_created { key_id: 'key_1' api_id: 'api_1' keyspace_id: 'ks_1' hash: 'h1' enabled: true " + members + " }"});
}

std::string update(const std::string& members) { return "update_credits { key_id: 'key_1' " + members + " }"; }
std::string balance(const std::string& members) {
  return "key_updated { key_id: 'key_1' credits { " + members + " } }";
}

TEST(UpdateCredits, SetsTheBalanceAndKeepsTheRefill) {
  given_key("credits_remaining: 5 refill { interval: MONTHLY amount: 9 refill_day: 31 }")
      .when(update("operation: SET value: 7"))
      .then({balance("remaining: 7")})
      .with_data(R"({"remaining":7,"refill":{"interval":"monthly","amount":9,"refillDay":31}})");
}

TEST(UpdateCredits, SettingNothingMakesTheKeyUnlimitedAndDropsTheRefill) {
  given_key("credits_remaining: 5 refill { interval: DAILY amount: 9 }")
      .when(update("operation: SET"))
      .then({"key_updated { key_id: 'key_1' credits {} refill {} }"})
      .with_data(R"({"remaining":null})");
}

TEST(UpdateCredits, AddsAndTakesAway) {
  given_key("credits_remaining: 5")
      .when(update("operation: INCREMENT value: 7"))
      .then({balance("remaining: 12")})
      .with_data(R"({"remaining":12})");
  given_key("credits_remaining: 5").when(update("operation: DECREMENT value: 2")).then({balance("remaining: 3")});
}

TEST(UpdateCredits, NeverGoBelowZero) {
  given_key("credits_remaining: 5").when(update("operation: DECREMENT value: 6")).then({balance("remaining: 0")});
  given_key("credits_remaining: 0")
      .when(update("operation: DECREMENT value: 9223372036854775807"))
      .then({balance("remaining: 0")});
}

TEST(UpdateCredits, RefuseASumThatDoesNotFit) {
  given_key("credits_remaining: 1")
      .when(update("operation: INCREMENT value: 9223372036854775807"))
      .then(RejectionCode::kInvalidInput);
  given_key("credits_remaining: 0")
      .when(update("operation: INCREMENT value: 9223372036854775807"))
      .then({balance("remaining: 9223372036854775807")});
}

TEST(UpdateCredits, NeedAValueAndABalanceToCountFrom) {
  for (const std::string operation : {"INCREMENT", "DECREMENT"}) {
    given_key("credits_remaining: 1")
        .when(update("operation: " + operation))
        .then(RejectionCode::kInvalidInput, "`value`");
    given_key("").when(update("operation: " + operation + " value: 1")).then(RejectionCode::kInvalidInput, "unlimited");
  }
  given_key("credits_remaining: 1").when(update("operation: SET value: -1")).then(RejectionCode::kInvalidInput);
  given_key("credits_remaining: 1").when(update("value: 1")).then(RejectionCode::kInvalidInput);
}

TEST(UpdateCredits, AreRefusedWithoutALiveKey) {
  given({"workspace_created { workspace_id: 'ws_1' name: 'one' }"})
      .when(update("operation: SET value: 1"))
      .then(RejectionCode::kKeyNotFound);
  given_key("")
      .and_given({"key_deleted { key_id: 'key_1' }"})
      .when(update("operation: SET value: 1"))
      .then(RejectionCode::kKeyNotFound);
}

/// What the balance must be: absent is unlimited.
using Balance = std::optional<std::int64_t>;

/// The balance after an operation that is in order; nothing when it must be refused.
std::optional<Balance> expected_after(const v1::UpdateCredits& command, const Balance& before) {
  if (command.operation() == v1::UpdateCredits::SET) return command.has_value() ? Balance(command.value()) : Balance();
  if (!command.has_value() || !before) return std::nullopt;
  if (command.operation() == v1::UpdateCredits::DECREMENT) {
    return Balance(command.value() > *before ? 0 : *before - command.value());
  }
  std::int64_t sum = 0;
  if (__builtin_add_overflow(*before, command.value(), &sum)) return std::nullopt;
  return Balance(sum);
}

v1::Command any_update() {
  v1::Command command;
  command.set_workspace_id("ws_1");
  auto& update = *command.mutable_update_credits();
  update.set_key_id("key_1");
  update.set_operation(static_cast<v1::UpdateCredits::Operation>(*rc::gen::inRange(1, 4)));
  if (*rc::gen::inRange(0, 8) != 0) {
    const bool is_huge = *rc::gen::inRange(0, 10) == 0;
    update.set_value(is_huge ? std::numeric_limits<std::int64_t>::max() : *rc::gen::inRange<std::int64_t>(0, 20));
  }
  return command;
}

v1::Command any_spend() {
  v1::Command command;
  command.set_workspace_id("ws_1");
  command.mutable_spend_credits()->set_key_id("key_1");
  command.mutable_spend_credits()->set_cost(*rc::gen::inRange<std::int64_t>(0, 12));
  return command;
}

/// Decides and folds in the workspace of these tests; whether it was accepted.
bool run(MemoryRows& rows, const v1::Command& command) {
  const Decided decided = decide(command, kNow, rows);
  if (!decided) return false;
  for (const PlannedEvent& planned : decided->events) {
    events::Event event;
    event.header.set_workspace_id("ws_1");
    event.payload = planned.payload;
    rows.fold(event);
  }
  return true;
}

TEST(Credits, AreExactWhateverTheOrderOfUpdatesAndSpends) {
  EXPECT_TRUE(rc::check([] {
    MemoryRows rows = given_key("credits_remaining: 10").rows();
    Balance balance = 10;
    const int steps = *rc::gen::inRange(1, 80);
    for (int step = 0; step < steps; ++step) {
      if (*rc::gen::arbitrary<bool>()) {
        const v1::Command command = any_update();
        const auto expected = expected_after(command.update_credits(), balance);
        RC_ASSERT(run(rows, command) == expected.has_value());
        if (expected) balance = *expected;
      } else {
        const v1::Command command = any_spend();
        const std::int64_t cost = command.spend_credits().cost();
        const bool is_affordable = !balance || cost <= *balance;
        RC_ASSERT(run(rows, command) == is_affordable);
        if (balance && is_affordable) *balance -= cost;
      }
      const auto row = projections::find_key(rows, "key_1");
      RC_ASSERT(row->has_credits_remaining() == balance.has_value());
      RC_ASSERT(row->credits_remaining() == balance.value_or(0));
      RC_ASSERT(row->credits_remaining() >= 0);
    }
  }));
}

}  // namespace
}  // namespace keyfold::actors::testing
