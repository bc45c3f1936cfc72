#include "ops/cli/webhook_settings.h"

#include <gtest/gtest.h>

#include "ops/cli/config.h"

namespace keyfold::ops {
namespace {

TEST(WebhookSettings, DelaysAreWrittenWithUnits) {
  using Delays = std::vector<std::int64_t>;
  EXPECT_EQ(parse_delays("200ms, 5s,5m , 2h, 1d"), (Delays{200, 5'000, 300'000, 7'200'000, 86'400'000}));
  EXPECT_EQ(parse_delays(""), Delays{}) << "no second attempt";
  for (const std::string text : {"5", "5x", "s", "-5s", "5s,", "5s 5m", "400d", "99999999999999999999s"}) {
    ASSERT_FALSE(parse_delays(text)) << text;
    EXPECT_EQ(parse_delays(text).error().where, "webhooks.retry_delays");
  }
}

TEST(WebhookSettings, DefaultsAreStrict) {
  const v1::Config config = default_config();
  const auto settings = webhook_settings(config).value();
  EXPECT_FALSE(subscriptions::check_outgoing_url("http://a.example/", settings.targets));
  EXPECT_FALSE(subscriptions::check_outgoing_url("https://127.0.0.1/", settings.targets));
  EXPECT_EQ(settings.webhooks_max, 100u);
  EXPECT_EQ(webhook_options(config)->retry_delays_ms.size(), 9u);
  EXPECT_EQ(outgoing_options(config)->redirects_max, 0);
}

TEST(WebhookSettings, NetworksAreSeparatedByCommas) {
  v1::Config config = default_config();
  config.mutable_webhooks()->set_allowed_networks("127.0.0.0/8, ::1");
  const auto settings = webhook_settings(config).value();
  EXPECT_TRUE(subscriptions::check_outgoing_url("https://127.0.0.1:8443/", settings.targets));
  EXPECT_TRUE(subscriptions::check_outgoing_url("https://[::1]/", settings.targets));
  config.mutable_webhooks()->set_allowed_networks("127.0.0.0/8; ::1");
  EXPECT_EQ(webhook_settings(config).error().where, "webhooks.allowed_networks");
}

}  // namespace
}  // namespace keyfold::ops
