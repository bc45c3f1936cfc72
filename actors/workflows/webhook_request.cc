#include "actors/workflows/webhook_request.h"

#include "actors/aggregates/webhook.h"
#include "actors/workflows/webhook_signature.h"
#include "events/public_event.h"
#include "projections/webhook.h"
#include "schemas/base/encoding.h"

namespace keyfold::actors {
namespace {

constexpr std::int64_t kMsPerSecond = 1'000;

Result<events::Event> read_event(const events::Log& log, const events::Position& position) {
  events::Event event;
  Status decoded;
  const auto read =
      log.read(position.partition, position.sequence, 1, [&](events::Sequence, events::RecordView record) {
        decoded = events::decode(record, event);
        return false;
      });
  if (!read) return tl::unexpected(read.error());
  if (!decoded) return tl::unexpected(decoded.error());
  return event;
}

Result<v1::WebhookSecrets> open_secrets(const Vault& vault, const rows::WebhookRow& row) {
  const SealContext context = webhook_seal_context(row.workspace_id(), row.webhook().webhook_id());
  const auto opened = vault.open(context, row.webhook().sealed_secrets());
  if (!opened) return tl::unexpected(opened.error());
  v1::WebhookSecrets secrets;
  if (!secrets.ParseFromString(*opened)) return fail(ErrorCode::kDataLoss, "the webhook's secrets have another form");
  return secrets;
}

std::string signatures(const rows::WebhookRow& row, const v1::WebhookSecrets& secrets, const std::string& id,
                       std::int64_t now_ms, const std::string& body) {
  const auto signature = row.webhook().signature();
  std::string all = sign_delivery(signature, secrets.key(), id, now_ms / kMsPerSecond, body);
  if (!secrets.previous_key().empty() && now_ms < row.previous_expires_at_ms()) {
    all += ' ' + sign_delivery(signature, secrets.previous_key(), id, now_ms / kMsPerSecond, body);
  }
  return all;
}

}  // namespace

Result<WebhookRequest> make_webhook_request(const WebhookSources& sources, const events::Position& position,
                                            const std::string& webhook_id, std::int64_t now_ms) {
  const projections::RowReader& reader = sources.projections.reader(position.partition);
  auto row = projections::find_webhook(reader, webhook_id);
  if (!row) return fail(ErrorCode::kNotFound, "the webhook was deleted");
  auto secrets = open_secrets(sources.vault, *row);
  if (!secrets && secrets.error().code == ErrorCode::kNotFound) {
    // A rotation may have sealed them anew and destroyed the old data key since the row was read.
    row = projections::find_webhook(reader, webhook_id);
    if (row) secrets = open_secrets(sources.vault, *row);
  }
  if (!secrets) return tl::unexpected(secrets.error());
  const auto event = read_event(sources.log, position);
  if (!event) return tl::unexpected(event.error());
  WebhookRequest request;
  request.url = row->webhook().url();
  events::append_public_json(request.body, *event);
  const std::string id = to_uuid_text(event->header.event_id());
  for (const auto& header : secrets->headers()) request.headers.emplace_back(header.name(), header.value());
  request.headers.emplace_back("webhook-id", id);
  request.headers.emplace_back("webhook-timestamp", std::to_string(now_ms / kMsPerSecond));
  request.headers.emplace_back("webhook-signature", signatures(*row, *secrets, id, now_ms, request.body));
  return request;
}

}  // namespace keyfold::actors
