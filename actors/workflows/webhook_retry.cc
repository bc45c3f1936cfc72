#include "actors/workflows/webhook_retry.h"

#include <algorithm>

namespace keyfold::actors {
namespace {

constexpr int kGone = 410;
constexpr int kTooManyRequests = 429;
constexpr int kUnavailable = 503;
constexpr std::size_t kExcerptBytesMax = 200;
constexpr double kJitterShare = 0.1;

/// On the log goes text that any reader can show.
std::string printable(std::string_view text) {
  std::string out(text.substr(0, kExcerptBytesMax));
  std::ranges::replace_if(
      out, [](unsigned char c) { return c < ' ' || c >= 0x7f; }, ' ');
  return out;
}

std::int64_t delay_of(const WebhookAttempt& attempt, std::int64_t delay_ms) {
  const auto lengthened =
      delay_ms + static_cast<std::int64_t>(static_cast<double>(delay_ms) * kJitterShare * attempt.jitter);
  const bool is_asked = attempt.answer.status == kTooManyRequests || attempt.answer.status == kUnavailable;
  if (!is_asked || !attempt.answer.retry_after_ms) return lengthened;
  return std::max(lengthened, std::clamp<std::int64_t>(*attempt.answer.retry_after_ms, 0, kRetryAfterMsMax));
}

}  // namespace

v1::WebhookDelivery after_attempt(v1::WebhookDelivery delivery, const WebhookAttempt& attempt,
                                  std::span<const std::int64_t> retry_delays_ms) {
  const WebhookAnswer& answer = attempt.answer;
  delivery.set_attempts(delivery.attempts() + 1);
  delivery.set_attempted_at_ms(attempt.started_at_ms);
  delivery.set_duration_ms(static_cast<std::uint32_t>(std::clamp<std::int64_t>(answer.duration_ms, 0, UINT32_MAX)));
  delivery.set_http_status(static_cast<std::uint32_t>(std::max(answer.status, 0)));
  delivery.clear_next_attempt_at_ms();
  delivery.clear_error();
  delivery.clear_response_excerpt();
  if (answer.status >= 200 && answer.status < 300) {
    delivery.set_status(v1::WebhookDelivery::DELIVERED);
    return delivery;
  }
  delivery.set_error(answer.status == 0 ? printable(answer.error)
                                        : "the receiver answered " + std::to_string(answer.status));
  delivery.set_response_excerpt(printable(answer.excerpt));
  const std::size_t delay = delivery.attempts() - 1;
  if (answer.status == kGone || delay >= retry_delays_ms.size()) {
    delivery.set_status(v1::WebhookDelivery::FAILED);
    return delivery;
  }
  delivery.set_status(v1::WebhookDelivery::PENDING);
  delivery.set_next_attempt_at_ms(attempt.started_at_ms + answer.duration_ms +
                                  delay_of(attempt, retry_delays_ms[delay]));
  return delivery;
}

}  // namespace keyfold::actors
