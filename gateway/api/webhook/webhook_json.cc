#include "gateway/api/webhook/webhook_json.h"

#include <charconv>

#include "keyfold/v1/webhook.pb.h"

namespace keyfold::api {
namespace {

constexpr std::string_view kWebhookPrefix = "wh_";

std::string_view status_name(v1::WebhookDelivery::Status status) {
  switch (status) {
    case v1::WebhookDelivery::DELIVERED:
      return "delivered";
    case v1::WebhookDelivery::FAILED:
      return "failed";
    default:
      return "pending";
  }
}

template <class List>
Json texts(const List& list) {
  Json out = Json::array();
  for (const std::string& text : list) out.push_back(text);
  return out;
}

/// What all of a webhook's delivery ids begin with.
std::string id_prefix(std::string_view webhook_id) {
  if (webhook_id.starts_with(kWebhookPrefix)) webhook_id.remove_prefix(kWebhookPrefix.size());
  return "whd_" + std::string(webhook_id) + "_";
}

void add_health(Json& out, const rows::WebhookRow& row) {
  if (row.has_disabled()) {
    const bool is_gone = row.disabled().reason() == v1::WebhookDisabled::GONE;
    out["disabled"] = {
        {"reason", is_gone ? "gone" : "failing"}, {"detail", row.disabled().detail()}, {"at", row.disabled_at_ms()}};
  }
  if (row.last_success_at_ms() != 0) out["lastSuccessAt"] = row.last_success_at_ms();
  if (row.failing_since_ms() != 0) out["failingSince"] = row.failing_since_ms();
  out["pending"] = row.pending();
  out["failed"] = row.failed();
}

}  // namespace

Json webhook_json(const rows::WebhookRow& row) {
  const v1::WebhookCreated& webhook = row.webhook();
  const bool is_ed25519 = webhook.signature() == v1::WebhookCreated::ED25519;
  Json out{{"id", webhook.webhook_id()}, {"url", webhook.url()}, {"types", texts(webhook.types())}};
  if (!webhook.resource_kind().empty()) out["resourceKind"] = webhook.resource_kind();
  if (!webhook.resource_id().empty()) out["resourceId"] = webhook.resource_id();
  if (!webhook.description().empty()) out["description"] = webhook.description();
  out["ordered"] = webhook.ordered();
  out["signature"] = is_ed25519 ? "ed25519" : "hmac";
  if (is_ed25519) out["publicKey"] = webhook.public_key();
  out["headers"] = texts(webhook.header_names());
  out["enabled"] = webhook.enabled();
  out["createdAt"] = row.created_at_ms();
  if (row.updated_at_ms() != 0) out["updatedAt"] = row.updated_at_ms();
  add_health(out, row);
  return out;
}

Json delivery_json(std::string_view webhook_id, const rows::WebhookDeliveryRow& row) {
  const v1::WebhookDelivery& delivery = row.delivery();
  Json out{{"id", delivery_id(webhook_id, delivery.sequence())},
           {"eventId", delivery.event_id()},
           {"type", delivery.type()},
           {"resource", {{"kind", delivery.resource_kind()}, {"id", delivery.resource_id()}}},
           {"status", status_name(delivery.status())},
           {"attempts", delivery.attempts()},
           {"createdAt", delivery.event_at_ms()}};
  if (delivery.attempted_at_ms() != 0) {
    out["lastAttemptAt"] = delivery.attempted_at_ms();
    out["durationMs"] = delivery.duration_ms();
  }
  if (delivery.status() == v1::WebhookDelivery::PENDING && delivery.next_attempt_at_ms() != 0) {
    out["nextAttemptAt"] = delivery.next_attempt_at_ms();
  }
  if (delivery.http_status() != 0) out["httpStatus"] = delivery.http_status();
  if (!delivery.error().empty()) out["error"] = delivery.error();
  if (!delivery.response_excerpt().empty()) out["response"] = delivery.response_excerpt();
  return out;
}

std::string delivery_id(std::string_view webhook_id, events::Sequence sequence) {
  return id_prefix(webhook_id) + std::to_string(sequence);
}

std::optional<events::Sequence> sequence_of_delivery(std::string_view webhook_id, std::string_view delivery_id) {
  const std::string prefix = id_prefix(webhook_id);
  if (!delivery_id.starts_with(prefix)) return std::nullopt;
  const std::string_view digits = delivery_id.substr(prefix.size());
  events::Sequence sequence = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), sequence);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return sequence;
}

}  // namespace keyfold::api
