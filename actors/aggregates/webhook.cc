#include "actors/aggregates/webhook.h"

#include <google/protobuf/util/message_differencer.h>

#include "projections/webhook.h"
#include "projections/webhook_deliveries.h"

namespace keyfold::actors {
namespace {

constexpr std::string_view kStream = "webhook";

tl::unexpected<Rejection> webhook_not_found() {
  return reject(RejectionCode::kWebhookNotFound, "The webhook does not exist.");
}

std::optional<rows::WebhookRow> find_own(const Context& context, const projections::RowReader& reader,
                                         std::string_view webhook_id) {
  auto webhook = projections::find_webhook(reader, webhook_id);
  if (webhook && webhook->workspace_id() != context.workspace_id) webhook.reset();
  return webhook;
}

template <class List>
bool are_equal(const List& a, const List& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin());
}

/// The changes without what is like that already. Enabling is one, too, where keyfold disabled the webhook.
v1::WebhookUpdated what_changes(const v1::WebhookUpdated& asked, const v1::WebhookCreated& webhook) {
  v1::WebhookUpdated changes = asked;
  if (asked.has_url() && asked.url() == webhook.url()) changes.clear_url();
  if (asked.has_types() && are_equal(asked.types().patterns(), webhook.types())) changes.clear_types();
  if (asked.has_resource_kind() && asked.resource_kind() == webhook.resource_kind()) changes.clear_resource_kind();
  if (asked.has_resource_id() && asked.resource_id() == webhook.resource_id()) changes.clear_resource_id();
  if (asked.has_description() && asked.description() == webhook.description()) changes.clear_description();
  if (asked.has_ordered() && asked.ordered() == webhook.ordered()) changes.clear_ordered();
  if (asked.has_enabled() && asked.enabled() == webhook.enabled()) changes.clear_enabled();
  return changes;
}

bool changes_anything(const v1::WebhookUpdated& changes) {
  v1::WebhookUpdated none;
  none.set_webhook_id(changes.webhook_id());
  return !google::protobuf::util::MessageDifferencer::Equals(changes, none);
}

}  // namespace

SealContext webhook_seal_context(std::string_view workspace_id, std::string_view webhook_id) {
  return {std::string(workspace_id), "webhook", std::string(webhook_id)};
}

Decided decide(const v1::CreateWebhook& command, const Context& context, const projections::RowReader& reader) {
  const v1::WebhookCreated& webhook = command.webhook();
  if (projections::find_webhook(reader, webhook.webhook_id())) {
    return reject(RejectionCode::kIdTaken, "The webhook id is taken.");
  }
  if (projections::count_webhooks(reader, context.workspace_id) >= command.webhooks_max()) {
    return reject(RejectionCode::kInvalidInput, "The workspace has " + std::to_string(command.webhooks_max()) +
                                                    " webhooks, which is as many as it may: delete one first.");
  }
  Decision decision;
  *decision.plan(kStream, webhook.webhook_id()).mutable_webhook_created() = webhook;
  return decision;
}

Decided decide(const v1::UpdateWebhook& command, const Context& context, const projections::RowReader& reader) {
  const v1::WebhookUpdated& asked = command.changes();
  const auto webhook = find_own(context, reader, asked.webhook_id());
  if (!webhook) return webhook_not_found();
  if (!asked.sealed_secrets().empty() && webhook->webhook().sealed_secrets() != command.expected()) {
    return reject(RejectionCode::kIdTaken, "The webhook's secrets changed meanwhile.");
  }
  v1::WebhookUpdated changes = what_changes(asked, webhook->webhook());
  Decision decision;
  if (changes_anything(changes)) {
    *decision.plan(kStream, asked.webhook_id()).mutable_webhook_updated() = std::move(changes);
  }
  return decision;
}

Decided decide(const v1::RotateWebhookSecret& command, const Context& context, const projections::RowReader& reader) {
  const v1::WebhookSecretRotated& rotation = command.rotation();
  const auto webhook = find_own(context, reader, rotation.webhook_id());
  if (!webhook) return webhook_not_found();
  if (webhook->webhook().sealed_secrets() != command.expected()) {
    return reject(RejectionCode::kIdTaken, "The webhook's secrets changed meanwhile.");
  }
  Decision decision;
  *decision.plan(kStream, rotation.webhook_id()).mutable_webhook_secret_rotated() = rotation;
  return decision;
}

Decided decide(const v1::DeleteWebhook& command, const Context& context, const projections::RowReader& reader) {
  if (!find_own(context, reader, command.webhook_id())) return webhook_not_found();
  Decision decision;
  decision.plan(kStream, command.webhook_id()).mutable_webhook_deleted()->set_webhook_id(command.webhook_id());
  return decision;
}

Decided decide(const v1::TestWebhook& command, const Context& context, const projections::RowReader& reader) {
  if (!find_own(context, reader, command.webhook_id())) return webhook_not_found();
  Decision decision;
  decision.plan(kStream, command.webhook_id()).mutable_webhook_tested()->set_webhook_id(command.webhook_id());
  return decision;
}

Decided decide(const v1::RedeliverWebhook& command, const Context& context, const projections::RowReader& reader) {
  if (!find_own(context, reader, command.webhook_id())) return webhook_not_found();
  v1::WebhookRedeliveryRequested requested;
  requested.set_webhook_id(command.webhook_id());
  for (const events::Sequence sequence : command.sequences()) {
    if (projections::find_delivery(reader, command.webhook_id(), sequence)) requested.add_sequences(sequence);
  }
  Decision decision;
  if (requested.sequences().empty()) return decision;
  *decision.plan(kStream, command.webhook_id()).mutable_webhook_redelivery_requested() = std::move(requested);
  return decision;
}

Decided decide(const v1::RecordWebhookDeliveries& command, const Context& context,
               const projections::RowReader& reader) {
  const v1::WebhookDeliveriesRecorded& progress = command.progress();
  const auto webhook = find_own(context, reader, progress.webhook_id());
  Decision decision;
  if (!webhook) return decision;
  if (!progress.deliveries().empty() || progress.next_sequence() > webhook->next_sequence()) {
    *decision.plan(kStream, progress.webhook_id()).mutable_webhook_deliveries_recorded() = progress;
  }
  if (command.has_disabling() && webhook->webhook().enabled()) {
    *decision.plan(kStream, progress.webhook_id()).mutable_webhook_disabled() = command.disabling();
  }
  return decision;
}

Decided decide(const v1::ResealWebhook& command, const Context& context, const projections::RowReader& reader) {
  if (command.sealed_secrets().empty()) return reject(RejectionCode::kInvalidInput, "The ciphertext is missing.");
  Decision decision;
  const auto webhook = find_own(context, reader, command.webhook_id());
  if (!webhook || webhook->webhook().sealed_secrets() != command.expected()) return decision;
  auto& resealed = *decision.plan(kStream, command.webhook_id()).mutable_webhook_secrets_resealed();
  resealed.set_webhook_id(command.webhook_id());
  resealed.set_sealed_secrets(command.sealed_secrets());
  return decision;
}

}  // namespace keyfold::actors
