#pragma once

#include <cstdint>
#include <span>

#include "actors/workflows/webhook_transport.h"
#include "keyfold/v1/webhook.pb.h"

// What an attempt means for a delivery. Pure.
namespace keyfold::actors {

/// The longest time for which a receiver can put an attempt off by `Retry-After`.
inline constexpr std::int64_t kRetryAfterMsMax = 86'400'000;

/// One attempt that is over.
struct WebhookAttempt {
  std::int64_t started_at_ms = 0;
  WebhookAnswer answer;
  double jitter = 0;  // in [0, 1): lengthens the delay by up to a tenth
};

/// The delivery after the attempt: delivered by any 2xx; pending, with the time of the next attempt, while there is a
/// delay left for it; else failed, and so at once for 410 (Gone). After 429 and 503 the next attempt is not earlier
/// than `Retry-After` says.
[[nodiscard]] v1::WebhookDelivery after_attempt(v1::WebhookDelivery delivery, const WebhookAttempt& attempt,
                                                std::span<const std::int64_t> retry_delays_ms);

}  // namespace keyfold::actors
