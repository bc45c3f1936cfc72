#include "actors/aggregates/webhook.h"
#include "actors/workflows/reseal.h"
#include "actors/workflows/webhooks.h"
#include "projections/key_lists.h"
#include "projections/webhook.h"
#include "projections/webhook_deliveries.h"
#include "tests/unit/actors/workflow_fixture.h"

namespace keyfold::actors::testing {
namespace {

/// Answers at once, as it is told, and keeps what it was sent.
class Receiver final : public WebhookTransport {
 public:
  void send(WebhookRequest request, std::function<void(WebhookAnswer)> done) override {
    requests.push_back(request);
    if (hangs) {
      held.push_back(std::move(done));
    } else {
      done({.status = status, .error = status == 0 ? "no connection" : "", .duration_ms = 3});
    }
  }
  std::vector<WebhookRequest> requests;
  std::vector<std::function<void(WebhookAnswer)>> held;
  bool hangs = false;
  int status = 204;
};

std::string header(const WebhookRequest& request, const std::string& name) {
  for (const auto& [key, value] : request.headers) {
    if (key == name) return value;
  }
  return {};
}

class WebhookWorkflowTest : public WorkflowFixture {
 protected:
  WebhookWorkflowTest() {
    furnish("ws_1");
    options.retry_delays_ms = {1'000, 2'000};
    options.record_interval_ms = 0;
    begin();
  }
  void begin() {
    workflow = std::make_unique<WebhookWorkflow>(*runtime, *log, *projections, *vault, clock, receiver, options);
  }
  /// The workflow and all below it end without having recorded anything more, and begin again.
  void crash() {
    workflow.reset();
    receiver.held.clear();
    restart();
    begin();
  }
  void make_webhook(const std::string& members = "ordered: true") {
    v1::Command command = parse_command("create_webhook { webhooks_max: 9 webhook { webhook_id: 'wh_1' enabled: true " +
                                        std::string("url: 'https://a.example/' signature: HMAC ") + members + " } }");
    v1::WebhookSecrets secrets;
    secrets.set_key("k");
    auto& extra = *secrets.add_headers();
    extra.set_name("X-Mine");
    extra.set_value("yes");
    command.mutable_create_webhook()->mutable_webhook()->set_sealed_secrets(
        vault->seal(webhook_seal_context("ws_1", "wh_1"), secrets.SerializeAsString()).value());
    command.set_time_ms(clock.now_ms());
    ASSERT_TRUE(submit(*runtime, std::move(command)).get());
  }
  void make_api(const std::string& id) {
    ASSERT_TRUE(ask("ws_1", "create_api { api_id: '" + id + "' keyspace_id: 'ks_" + id + "' name: 'n' }"));
  }
  void update(const std::string& members) {
    ASSERT_TRUE(ask("ws_1", "update_webhook { changes { webhook_id: 'wh_1' " + members + " } }"));
  }
  /// Enough rounds for whatever answers at once.
  void run(int rounds = 6) {
    for (int i = 0; i < rounds; ++i) static_cast<void>(workflow->run({}));
  }
  [[nodiscard]] rows::WebhookRow row() const { return projections::find_webhook(rows("ws_1"), "wh_1").value(); }
  [[nodiscard]] std::vector<std::string> sent() const {
    std::vector<std::string> types;
    for (const auto& request : receiver.requests) {
      const auto at = request.body.find("\"type\":\"") + 8;
      types.push_back(request.body.substr(at, request.body.find('"', at) - at));
    }
    return types;
  }

  Receiver receiver;
  WebhookOptions options;
  std::unique_ptr<WebhookWorkflow> workflow;
};

using Types = std::vector<std::string>;

TEST_F(WebhookWorkflowTest, SendsWhatHappensAfterTheWebhookWasMade) {
  make_webhook();
  make_api("a");
  run();
  ASSERT_EQ(sent(), (Types{"ApiCreated", "KeyspaceCreated"}));
  const WebhookRequest& request = receiver.requests[0];
  EXPECT_EQ(request.url, "https://a.example/");
  EXPECT_EQ(header(request, "X-Mine"), "yes");
  EXPECT_EQ(header(request, "User-Agent"), "keyfold");
  EXPECT_EQ(header(request, "webhook-timestamp"), std::to_string(clock.now_ms() / 1'000));
  EXPECT_TRUE(request.body.starts_with("{\"id\":\"" + header(request, "webhook-id") + "\"")) << request.body;
  EXPECT_TRUE(header(request, "webhook-signature").starts_with("v1,"));
  run();
  EXPECT_EQ(receiver.requests.size(), 2u) << "its own records are no events of the workspace";
  EXPECT_EQ(row().pending(), 0u);
  EXPECT_EQ(row().last_success_at_ms(), clock.now_ms());
}

TEST_F(WebhookWorkflowTest, SendsOnlyWhatTheFilterWants) {
  make_webhook("types: 'Api*' resource_id: 'b'");
  make_api("a");
  make_api("b");
  run();
  EXPECT_EQ(sent(), Types{"ApiCreated"});
}

TEST_F(WebhookWorkflowTest, TriesAgainAfterTheDelaysAndThenKeepsADeadLetter) {
  make_webhook("types: 'ApiCreated'");
  make_api("a");
  receiver.status = 500;
  run();
  EXPECT_EQ(receiver.requests.size(), 1u);
  EXPECT_EQ(row().pending(), 1u);
  clock.advance_ms(1'200);
  run();
  clock.advance_ms(2'400);
  run();
  clock.advance_ms(100'000);
  run();
  EXPECT_EQ(receiver.requests.size(), 3u);
  EXPECT_EQ(row().pending(), 0u);
  EXPECT_EQ(row().failed(), 1u);
  EXPECT_EQ(workflow->stats().failed, 1u);
  EXPECT_EQ(header(receiver.requests[0], "webhook-id"), header(receiver.requests[2], "webhook-id"));
}

TEST_F(WebhookWorkflowTest, SendsADeadLetterAgainWhenAsked) {
  options.retry_delays_ms = {};
  begin();
  make_webhook("types: 'ApiCreated'");
  make_api("a");
  receiver.status = 500;
  run();
  ASSERT_EQ(row().failed(), 1u);
  const auto sequence = row().next_sequence() - 2;  // ApiCreated, KeyspaceCreated
  receiver.status = 200;
  ASSERT_TRUE(ask("ws_1", "redeliver_webhook { webhook_id: 'wh_1' sequences: " + std::to_string(sequence) + " }"));
  run();
  EXPECT_EQ(receiver.requests.size(), 2u);
  EXPECT_EQ(row().failed(), 0u);
}

TEST_F(WebhookWorkflowTest, SendsATestWhateverTheFilterAndOnce) {
  make_webhook("types: 'ApiDeleted'");
  receiver.status = 500;
  ASSERT_TRUE(ask("ws_1", "test_webhook { webhook_id: 'wh_1' }"));
  run();
  clock.advance_ms(100'000);
  run();
  EXPECT_EQ(sent(), Types{"WebhookTested"});
  EXPECT_EQ(row().failed(), 1u);
}

TEST_F(WebhookWorkflowTest, DisablesWhatIsGone) {
  make_webhook();
  make_api("a");
  receiver.status = 410;
  run();
  EXPECT_FALSE(row().webhook().enabled());
  EXPECT_EQ(row().disabled().reason(), v1::WebhookDisabled::GONE);
  EXPECT_EQ(count("WebhookDisabled"), 1);
}

TEST_F(WebhookWorkflowTest, GoesOnWhenItIsEnabledAtTheMomentOfItsDisabling) {
  make_webhook("types: 'ApiCreated'");
  make_api("a");
  receiver.status = 410;
  run(2);  // sent, and recorded
  ASSERT_FALSE(row().webhook().enabled());
  receiver.status = 200;
  update("enabled: true");
  make_api("b");
  run();
  EXPECT_TRUE(row().webhook().enabled());
  EXPECT_EQ(sent(), (Types{"ApiCreated", "ApiCreated"}));
  EXPECT_EQ(count("WebhookDisabled"), 1);
}

TEST_F(WebhookWorkflowTest, DisablesWhatFailsForTooLongAndSkipsNothingAfterwards) {
  options.disable_after_ms = 500;
  begin();
  make_webhook("types: 'ApiCreated'");
  make_api("a");
  receiver.status = 0;
  run();
  EXPECT_TRUE(row().webhook().enabled());
  clock.advance_ms(1'200);
  run();
  EXPECT_FALSE(row().webhook().enabled());
  EXPECT_EQ(row().disabled().reason(), v1::WebhookDisabled::FAILING);
  EXPECT_EQ(row().disabled().detail(), "no connection");
  make_api("b");
  clock.advance_ms(100'000);
  run();
  EXPECT_EQ(receiver.requests.size(), 2u) << "nothing is sent while it is disabled";
  receiver.status = 200;
  receiver.requests.clear();
  update("enabled: true");
  run();
  EXPECT_EQ(sent(), (Types{"ApiCreated", "ApiCreated"}));
}

TEST_F(WebhookWorkflowTest, RepeatsAfterACrashWhatWasNotRecordedAndSkipsNothing) {
  options.record_interval_ms = 1'000'000;
  begin();
  make_webhook("types: 'ApiCreated'");
  make_api("a");
  run();
  ASSERT_EQ(receiver.requests.size(), 1u);
  crash();
  make_api("b");
  run();
  EXPECT_EQ(receiver.requests.size(), 3u);
  workflow->finish();
  crash();
  make_api("c");
  run();
  EXPECT_EQ(receiver.requests.size(), 4u) << "what is recorded is not repeated";
}

TEST_F(WebhookWorkflowTest, GoesOnWithARetryAfterARestart) {
  make_webhook("types: 'ApiCreated'");
  make_api("a");
  receiver.status = 503;
  run();
  crash();
  receiver.status = 200;
  run();
  EXPECT_EQ(receiver.requests.size(), 1u) << "not before its time";
  clock.advance_ms(1'200);
  run();
  EXPECT_EQ(receiver.requests.size(), 2u);
  EXPECT_EQ(row().pending(), 0u);
}

TEST_F(WebhookWorkflowTest, KeepsToItsConnectionsAndReadsNoFurtherThanItMay) {
  options.connections_per_webhook_max = 2;
  options.pending_max = 5;
  begin();
  make_webhook("types: 'ApiCreated'");
  for (int i = 0; i < 9; ++i) make_api("api" + std::to_string(i));
  receiver.hangs = true;
  run();
  EXPECT_EQ(receiver.requests.size(), 2u);
  EXPECT_EQ(workflow->stats().pending, 5u);
  receiver.hangs = false;
  for (const auto& done : std::exchange(receiver.held, {})) done({.status = 200});
  run(20);
  EXPECT_EQ(receiver.requests.size(), 9u);
  EXPECT_EQ(workflow->stats().pending, 0u);
}

TEST_F(WebhookWorkflowTest, HearsNothingMoreOfADeletedWebhook) {
  make_webhook();
  make_api("a");
  receiver.hangs = true;
  run();
  ASSERT_TRUE(ask("ws_1", "delete_webhook { webhook_id: 'wh_1' }"));
  for (const auto& done : std::exchange(receiver.held, {})) done({.status = 200});
  run();
  EXPECT_EQ(workflow->stats().webhooks, 0u);
  EXPECT_FALSE(projections::find_webhook(rows("ws_1"), "wh_1"));
}

TEST_F(WebhookWorkflowTest, SignsByBothKeysUntilTheOverlapIsOver) {
  make_webhook("types: 'ApiCreated'");
  v1::WebhookSecrets secrets;
  secrets.set_key("new");
  secrets.set_previous_key("k");
  v1::Command command = parse_command("rotate_webhook_secret { rotation { webhook_id: 'wh_1' } }");
  auto& rotate = *command.mutable_rotate_webhook_secret();
  rotate.set_expected(row().webhook().sealed_secrets());
  rotate.mutable_rotation()->set_previous_expires_at_ms(clock.now_ms() + 1'000);
  rotate.mutable_rotation()->set_sealed_secrets(
      vault->seal(webhook_seal_context("ws_1", "wh_1"), secrets.SerializeAsString()).value());
  ASSERT_TRUE(submit(*runtime, std::move(command)).get());
  make_api("a");
  run();
  clock.advance_ms(1'000);
  make_api("b");
  run();
  ASSERT_EQ(receiver.requests.size(), 2u);
  EXPECT_NE(header(receiver.requests[0], "webhook-signature").find(" v1,"), std::string::npos);
  EXPECT_EQ(header(receiver.requests[1], "webhook-signature").find(' '), std::string::npos);
}

TEST_F(WebhookWorkflowTest, GoesOnAfterADataKeyWasReplaced) {
  make_webhook("types: 'ApiCreated'");
  const auto old = projections::data_key_of(row().webhook().sealed_secrets());
  ASSERT_TRUE(vault->rotate("ws_1"));
  const auto report = ResealWorkflow(*runtime, *projections, *vault, clock).run({}).value();
  EXPECT_EQ(report.resealed, 1u);
  EXPECT_EQ(report.destroyed, 1u);
  EXPECT_NE(projections::data_key_of(row().webhook().sealed_secrets()), old);
  make_api("a");
  run();
  EXPECT_EQ(sent(), Types{"ApiCreated"});
}

}  // namespace
}  // namespace keyfold::actors::testing
