// Webhooks in decisions and rows.
#include <gtest/gtest.h>

#include "projections/webhook.h"
#include "projections/webhook_deliveries.h"
#include "tests/unit/actors/scenario.h"

namespace keyfold::actors::testing {
namespace {

const std::string kWorkspace = "workspace_created { workspace_id: 'ws_1' name: 'one' }";
const std::string kFields =
    "webhook_id: 'wh_1' url: 'https://a.example/' ordered: true enabled: true signature: HMAC sealed_secrets: 's1'";
const std::string kWebhook = "webhook_created { " + kFields + " }";

std::string delivery(int sequence, const std::string& members) {
  return "deliveries { sequence: " + std::to_string(sequence) + " event_id: 'e' type: 'KeyCreated' " + members + " }";
}
std::string recorded(int next, const std::string& deliveries) {
  return "webhook_deliveries_recorded { webhook_id: 'wh_1' next_sequence: " + std::to_string(next) + " " + deliveries +
         " delivered_max: 2 failed_max: 2 failed_before_ms: 5 }";
}

Given given_webhook() { return given({kWorkspace, kWebhook}); }
rows::WebhookRow row_of(const Given& given) { return projections::find_webhook(given.rows(), "wh_1").value(); }
std::vector<events::Sequence> remembered(const Given& given, v1::WebhookDelivery::Status status) {
  std::vector<events::Sequence> sequences;
  for (events::Sequence sequence = 0; sequence < 100; ++sequence) {
    const auto row = projections::find_delivery(given.rows(), "wh_1", sequence);
    if (row && row->delivery().status() == status) sequences.push_back(sequence);
  }
  return sequences;
}
using Sequences = std::vector<events::Sequence>;

TEST(CreateWebhook, MakesItUnlessTheWorkspaceHasEnough) {
  const std::string create = "create_webhook { webhooks_max: 1 webhook { " + kFields + " } }";
  const std::string another = "create_webhook { webhooks_max: 1 webhook { webhook_id: 'wh_2' } }";
  given({kWorkspace}).when(create).then({kWebhook});
  given_webhook().when(create).then(RejectionCode::kIdTaken);
  given_webhook().when(another).then(RejectionCode::kInvalidInput, "delete one first");
  given_webhook()
      .and_given({"webhook_deleted { webhook_id: 'wh_1' }"})
      .when(another)
      .then({"webhook_created { webhook_id: 'wh_2' }"});
}

TEST(CreateWebhook, BeginsBehindItselfOrWhereItIsTold) {
  EXPECT_EQ(row_of(given_webhook()).next_sequence(), 2u);
  EXPECT_EQ(row_of(given({kWorkspace, "webhook_created { webhook_id: 'wh_1' from_sequence: 0 }"})).next_sequence(), 0u);
}

TEST(UpdateWebhook, TellsOnlyWhatChanges) {
  given_webhook()
      .when("update_webhook { changes { webhook_id: 'wh_1' url: 'https://b.example/' ordered: true types {} } }")
      .then({"webhook_updated { webhook_id: 'wh_1' url: 'https://b.example/' }"});
  given_webhook().when("update_webhook { changes { webhook_id: 'wh_1' enabled: true } }").then({});
  given_webhook()
      .when("update_webhook { changes { webhook_id: 'wh_2' enabled: true } }")
      .then(RejectionCode::kWebhookNotFound);
  given({kWorkspace})
      .and_given({kWorkspace, kWebhook}, "ws_2")
      .when("update_webhook { changes { webhook_id: 'wh_1' enabled: false } }")
      .then(RejectionCode::kWebhookNotFound);
}

TEST(UpdateWebhook, IsMadeAnewWhenTheSecretsChangedMeanwhile) {
  const std::string update = "update_webhook { expected: 's1' changes { webhook_id: 'wh_1' sealed_secrets: 's2' } }";
  const std::string rotate = "webhook_secret_rotated { webhook_id: 'wh_1' sealed_secrets: 's9' }";
  given_webhook().when(update).then({"webhook_updated { webhook_id: 'wh_1' sealed_secrets: 's2' }"});
  given_webhook().and_given({rotate}).when(update).then(RejectionCode::kIdTaken);
  given_webhook()
      .and_given({rotate})
      .when("rotate_webhook_secret { expected: 's1' rotation { webhook_id: 'wh_1' sealed_secrets: 's2' } }")
      .then(RejectionCode::kIdTaken);
}

TEST(UpdateWebhook, EndsAnAutomaticDisabling) {
  auto given = given_webhook();
  given.and_given({recorded(5, delivery(3, "status: FAILED attempts: 1 attempted_at_ms: 7")),
                   "webhook_disabled { webhook_id: 'wh_1' reason: FAILING detail: 'd' }"});
  EXPECT_FALSE(row_of(given).webhook().enabled());
  EXPECT_EQ(row_of(given).failing_since_ms(), 7);
  given.and_given({"webhook_updated { webhook_id: 'wh_1' enabled: true }"});
  EXPECT_TRUE(row_of(given).webhook().enabled());
  EXPECT_FALSE(row_of(given).has_disabled());
  EXPECT_EQ(row_of(given).failing_since_ms(), 0);
}

TEST(RecordWebhookDeliveries, MovesTheMarkForwardAndNeverBack) {
  const std::string record = "record_webhook_deliveries { progress { webhook_id: 'wh_1' next_sequence: 9 } }";
  given_webhook().when(record).then({"webhook_deliveries_recorded { webhook_id: 'wh_1' next_sequence: 9 }"});
  given_webhook().and_given({recorded(9, "")}).when(record).then({});
  EXPECT_EQ(row_of(given_webhook().and_given({recorded(9, ""), recorded(4, "")})).next_sequence(), 9u);
  given({kWorkspace}).when(record).then({});
}

TEST(RecordWebhookDeliveries, DisablesOnce) {
  const std::string record =
      "record_webhook_deliveries { progress { webhook_id: 'wh_1' } disabling { webhook_id: 'wh_1' reason: GONE } }";
  const std::string disabled = "webhook_disabled { webhook_id: 'wh_1' reason: GONE }";
  given_webhook().when(record).then({disabled});
  given_webhook().and_given({disabled}).when(record).then({});
}

TEST(WebhookDeliveries, ForgetTheOldestOfTheDelivered) {
  auto given = given_webhook();
  for (int i = 1; i <= 4; ++i) given.and_given({recorded(i, delivery(i, "status: DELIVERED attempted_at_ms: 9"))});
  EXPECT_EQ(remembered(given, v1::WebhookDelivery::DELIVERED), (Sequences{3, 4}));
  EXPECT_EQ(row_of(given).last_success_at_ms(), 9);
}

TEST(WebhookDeliveries, ForgetDeadLettersByNumberAndAge) {
  auto given = given_webhook();
  const auto dead = [](int sequence, int at) {
    return delivery(sequence, "status: FAILED attempts: 1 attempted_at_ms: " + std::to_string(at));
  };
  given.and_given({recorded(9, dead(1, 6) + dead(2, 7) + dead(3, 8))});
  EXPECT_EQ(remembered(given, v1::WebhookDelivery::FAILED), (Sequences{2, 3}));
  EXPECT_EQ(row_of(given).failed(), 2u);
  given.and_given({"webhook_deliveries_recorded { webhook_id: 'wh_1' failed_max: 9 failed_before_ms: 8 }"});
  EXPECT_EQ(remembered(given, v1::WebhookDelivery::FAILED), (Sequences{3}));
}

TEST(WebhookDeliveries, ArePendingUntilSettled) {
  auto given = given_webhook();
  given.and_given({recorded(9, delivery(4, "status: PENDING attempts: 1") + delivery(2, "status: PENDING"))});
  EXPECT_EQ(projections::pending_deliveries(given.rows(), "wh_1"), (Sequences{2, 4}));
  EXPECT_EQ(row_of(given).pending(), 2u);
  given.and_given({recorded(9, delivery(2, "status: DELIVERED"))});
  EXPECT_EQ(projections::pending_deliveries(given.rows(), "wh_1"), (Sequences{4}));
}

TEST(RedeliverWebhook, PutsKnownDeliveriesBackAndPassesOverOthers) {
  auto given = given_webhook();
  given.and_given({recorded(9, delivery(3, "status: FAILED attempts: 5 attempted_at_ms: 9"))});
  const std::string requested = "webhook_redelivery_requested { webhook_id: 'wh_1' sequences: 3 }";
  given.when("redeliver_webhook { webhook_id: 'wh_1' sequences: 3 sequences: 8 }").then({requested});
  given.when("redeliver_webhook { webhook_id: 'wh_1' sequences: 8 }").then({});
  given.and_given({requested});
  EXPECT_EQ(row_of(given).failed(), 0u);
  EXPECT_EQ(row_of(given).pending(), 1u);
  const auto again = projections::find_delivery(given.rows(), "wh_1", 3)->delivery();
  EXPECT_EQ(again.attempts(), 0u);
  EXPECT_TRUE(again.is_unordered());
  // It is forgotten by its new number, not by the one that it had.
  given.and_given({recorded(9, delivery(5, "status: FAILED attempts: 1 attempted_at_ms: 9") +
                                   delivery(6, "status: FAILED attempts: 1 attempted_at_ms: 9") +
                                   delivery(3, "status: FAILED attempts: 1 attempted_at_ms: 9"))});
  EXPECT_EQ(remembered(given, v1::WebhookDelivery::FAILED), (Sequences{3, 6}));
}

TEST(DeleteWebhook, LeavesNothingOfItBehind) {
  auto given = given_webhook();
  given.and_given({recorded(9, delivery(1, "status: DELIVERED") + delivery(2, "status: PENDING") +
                                   delivery(3, "status: FAILED attempted_at_ms: 9"))});
  given.when("delete_webhook { webhook_id: 'wh_1' }").then({"webhook_deleted { webhook_id: 'wh_1' }"});
  given.and_given({"webhook_deleted { webhook_id: 'wh_1' }"});
  EXPECT_FALSE(projections::find_webhook(given.rows(), "wh_1"));
  for (const auto status :
       {v1::WebhookDelivery::DELIVERED, v1::WebhookDelivery::PENDING, v1::WebhookDelivery::FAILED}) {
    EXPECT_TRUE(remembered(given, status).empty());
  }
  given.when("test_webhook { webhook_id: 'wh_1' }").then(RejectionCode::kWebhookNotFound);
}

TEST(ResealWebhook, LetsAChangeInBetweenWin) {
  const std::string reseal = "reseal_webhook { webhook_id: 'wh_1' expected: 's1' sealed_secrets: 's2' }";
  given_webhook().when(reseal).then({"webhook_secrets_resealed { webhook_id: 'wh_1' sealed_secrets: 's2' }"});
  given_webhook()
      .and_given({"webhook_secret_rotated { webhook_id: 'wh_1' sealed_secrets: 's9' }"})
      .when(reseal)
      .then({});
  given_webhook().when("reseal_webhook { webhook_id: 'wh_1' expected: 's1' }").then(RejectionCode::kInvalidInput);
}

}  // namespace
}  // namespace keyfold::actors::testing
