#include "gateway/api/api/endpoints.h"
#include "gateway/api/webhook/endpoints.h"
#include "gateway/api/webhook/webhook_json.h"
#include "projections/webhook_deliveries.h"

namespace keyfold::api {
namespace {

constexpr int kDeliveriesMax = 1'000;

/// Dead letters that were last tried at or after that time, the oldest last.
void add_failed(const Call& call, const Services& services, std::int64_t since_ms, v1::RedeliverWebhook& command) {
  const auto& reader = rows_of(call, services);
  const std::string prefix = projections::delivery_prefix(projections::kFailedDeliveries, command.webhook_id());
  services.projections.scan(call.principal->partition, projections::Table::kWebhooks, prefix, {},
                            [&](std::string_view row_key, std::string_view) {
                              const auto sequence = projections::sequence_of_suffix(row_key.substr(prefix.size()));
                              const auto row = projections::find_delivery(reader, command.webhook_id(), sequence);
                              if (row && row->delivery().attempted_at_ms() >= since_ms) command.add_sequences(sequence);
                              return command.sequences_size() < kDeliveriesMax;
                            });
}

}  // namespace

Answered<Step> redeliver(const Call& call, const Services& services) {
  const auto webhook = find_named_webhook(call, services, "update_webhook");
  if (!webhook) return refuse(webhook.error());
  if (!webhook->webhook().enabled()) return refuse(precondition_failed("The webhook is disabled: enable it first."));
  Plan plan;
  auto& command = *plan.command.mutable_redeliver_webhook();
  command.set_webhook_id(webhook->webhook().webhook_id());
  const auto* id = call.find("deliveryId");
  const auto* since = call.find("failedSince");
  if ((id == nullptr) == (since == nullptr)) {
    return refuse(invalid_input("Send either `deliveryId`, or `failedSince` for all that failed since then."));
  }
  if (since != nullptr) {
    add_failed(call, services, since->get<std::int64_t>(), command);
  } else {
    const auto sequence = sequence_of_delivery(command.webhook_id(), id->get_ref<const std::string&>());
    const auto known =
        sequence ? projections::find_delivery(rows_of(call, services), command.webhook_id(), *sequence) : std::nullopt;
    if (!known) return refuse(webhook_delivery_not_found());
    command.add_sequences(*sequence);
  }
  plan.data_json = Json{{"deliveries", command.sequences_size()}}.dump();
  return plan;
}

}  // namespace keyfold::api
