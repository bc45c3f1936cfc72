#include "projections/webhook.h"

#include <charconv>

#include "projections/key_lists.h"
#include "projections/row_access.h"
#include "projections/webhook_deliveries.h"

namespace keyfold::projections {
namespace {

constexpr Table kTable = Table::kWebhooks;
constexpr std::string_view kVersion = "v/";

std::uint64_t read_number(const RowReader& rows, std::string_view key) {
  const auto text = rows.get(kTable, key);
  std::uint64_t number = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), number);
  return number;
}

std::string count_key(std::string_view workspace_id) { return row_key({"c/", workspace_id}); }

std::string list_key(const rows::WebhookRow& row) {
  return webhook_list_prefix(row.workspace_id()) + row.webhook().webhook_id();
}

std::string secret_key(const rows::WebhookRow& row) {
  return row_key({kWebhookSecretList, row.workspace_id(), "/", row.webhook().webhook_id()});
}

void bump_version(Overlay& rows) {
  rows.put(kTable, std::string(kVersion), std::to_string(webhooks_version(rows) + 1));
}

void put(Overlay& rows, const rows::WebhookRow& row) {
  put_row(rows, kTable, row_key({kWebhooks, row.webhook().webhook_id()}), row);
}

void set_secrets(rows::WebhookRow& row, const std::string& sealed, Overlay& rows) {
  row.mutable_webhook()->set_sealed_secrets(sealed);
  rows.put(kTable, secret_key(row), data_key_of(sealed));
}

void create(const events::Event& event, Overlay& rows) {
  const v1::WebhookCreated& created = event.payload.webhook_created();
  rows::WebhookRow row;
  *row.mutable_webhook() = created;
  row.set_workspace_id(event.header.workspace_id());
  row.set_created_at_ms(event.header.time_ms());
  row.set_next_sequence(created.has_from_sequence() ? created.from_sequence() : event.header.sequence() + 1);
  set_secrets(row, created.sealed_secrets(), rows);
  put(rows, row);
  rows.put(kTable, list_key(row), "");
  rows.put(kTable, count_key(row.workspace_id()), std::to_string(count_webhooks(rows, row.workspace_id()) + 1));
}

void merge(const v1::WebhookUpdated& updated, v1::WebhookCreated& webhook) {
  if (updated.has_url()) webhook.set_url(updated.url());
  if (updated.has_types()) *webhook.mutable_types() = updated.types().patterns();
  if (updated.has_resource_kind()) webhook.set_resource_kind(updated.resource_kind());
  if (updated.has_resource_id()) webhook.set_resource_id(updated.resource_id());
  if (updated.has_description()) webhook.set_description(updated.description());
  if (updated.has_ordered()) webhook.set_ordered(updated.ordered());
  if (updated.has_enabled()) webhook.set_enabled(updated.enabled());
  if (updated.has_header_names()) *webhook.mutable_header_names() = updated.header_names().names();
}

void update(const events::Event& event, rows::WebhookRow& row, Overlay& rows) {
  const v1::WebhookUpdated& updated = event.payload.webhook_updated();
  merge(updated, *row.mutable_webhook());
  if (updated.enabled()) {
    row.clear_disabled();
    row.clear_disabled_at_ms();
    row.clear_failing_since_ms();
  }
  if (!updated.sealed_secrets().empty()) set_secrets(row, updated.sealed_secrets(), rows);
  row.set_updated_at_ms(event.header.time_ms());
  put(rows, row);
}

void rotate(const events::Event& event, rows::WebhookRow& row, Overlay& rows) {
  const v1::WebhookSecretRotated& rotated = event.payload.webhook_secret_rotated();
  row.mutable_webhook()->set_public_key(rotated.public_key());
  row.set_previous_expires_at_ms(rotated.previous_expires_at_ms());
  row.set_updated_at_ms(event.header.time_ms());
  set_secrets(row, rotated.sealed_secrets(), rows);
  put(rows, row);
}

void disable(const events::Event& event, rows::WebhookRow& row, Overlay& rows) {
  row.mutable_webhook()->set_enabled(false);
  *row.mutable_disabled() = event.payload.webhook_disabled();
  row.set_disabled_at_ms(event.header.time_ms());
  put(rows, row);
}

void remove(rows::WebhookRow& row, Overlay& rows) {
  erase_deliveries(row, rows);
  rows.erase(kTable, row_key({kWebhooks, row.webhook().webhook_id()}));
  rows.erase(kTable, list_key(row));
  rows.erase(kTable, secret_key(row));
  rows.put(kTable, count_key(row.workspace_id()), std::to_string(count_webhooks(rows, row.workspace_id()) - 1));
}

/// The webhook that the event is about; empty for events of other kinds.
std::string webhook_of(const v1::Payload& payload) {
  switch (payload.event_case()) {
    case v1::Payload::kWebhookUpdated:
      return payload.webhook_updated().webhook_id();
    case v1::Payload::kWebhookDeleted:
      return payload.webhook_deleted().webhook_id();
    case v1::Payload::kWebhookSecretRotated:
      return payload.webhook_secret_rotated().webhook_id();
    case v1::Payload::kWebhookDisabled:
      return payload.webhook_disabled().webhook_id();
    case v1::Payload::kWebhookRedeliveryRequested:
      return payload.webhook_redelivery_requested().webhook_id();
    case v1::Payload::kWebhookDeliveriesRecorded:
      return payload.webhook_deliveries_recorded().webhook_id();
    case v1::Payload::kWebhookSecretsResealed:
      return payload.webhook_secrets_resealed().webhook_id();
    default:
      return {};
  }
}

void change(const events::Event& event, rows::WebhookRow& row, Overlay& rows) {
  switch (event.payload.event_case()) {
    case v1::Payload::kWebhookUpdated:
      update(event, row, rows);
      return bump_version(rows);
    case v1::Payload::kWebhookDeleted:
      remove(row, rows);
      return bump_version(rows);
    case v1::Payload::kWebhookSecretRotated:
      rotate(event, row, rows);
      return bump_version(rows);
    case v1::Payload::kWebhookDisabled:
      disable(event, row, rows);
      return bump_version(rows);
    case v1::Payload::kWebhookRedeliveryRequested:
      request_redelivery(event, row, rows);
      put(rows, row);
      return bump_version(rows);
    case v1::Payload::kWebhookDeliveriesRecorded:
      record_deliveries(event, row, rows);
      return put(rows, row);
    default:
      set_secrets(row, event.payload.webhook_secrets_resealed().sealed_secrets(), rows);
      return put(rows, row);
  }
}

}  // namespace

std::optional<rows::WebhookRow> find_webhook(const RowReader& rows, std::string_view webhook_id) {
  return find_row<rows::WebhookRow>(rows, kTable, row_key({kWebhooks, webhook_id}));
}

std::uint64_t count_webhooks(const RowReader& rows, std::string_view workspace_id) {
  return read_number(rows, count_key(workspace_id));
}

std::uint64_t webhooks_version(const RowReader& rows) { return read_number(rows, kVersion); }

std::string webhook_list_prefix(std::string_view workspace_id) { return row_key({"l/", workspace_id, "/"}); }

void fold_webhook(const events::Event& event, Overlay& rows) {
  if (event.payload.has_webhook_created()) {
    create(event, rows);
    return bump_version(rows);
  }
  const std::string webhook_id = webhook_of(event.payload);
  if (webhook_id.empty()) return;
  if (auto row = find_webhook(rows, webhook_id)) change(event, *row, rows);
}

}  // namespace keyfold::projections
