#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "actors/workflows/webhooks.h"
#include "gateway/api/api.h"
#include "gateway/subscriptions/outgoing_client.h"
#include "keyfold/v1/config.pb.h"

// What the configuration's section [webhooks] says, in the words of the parts that it configures.
namespace keyfold::ops {

/// Milliseconds of delays like `5s, 5m, 30m, 2h, 1d` or `200ms`. kInvalidArgument for anything else.
[[nodiscard]] Result<std::vector<std::int64_t>> parse_delays(std::string_view text);

[[nodiscard]] Result<actors::WebhookOptions> webhook_options(const v1::Config& config);
[[nodiscard]] Result<subscriptions::OutgoingOptions> outgoing_options(const v1::Config& config);
/// kInvalidArgument for a network that is none.
[[nodiscard]] Result<api::WebhookSettings> webhook_settings(const v1::Config& config);

}  // namespace keyfold::ops
