#include "gateway/api/api/endpoints.h"
#include "gateway/api/page.h"
#include "gateway/api/webhook/endpoints.h"
#include "gateway/api/webhook/webhook_json.h"
#include "projections/webhook_deliveries.h"

namespace keyfold::api {
namespace {

struct Listing {
  const Services& services;
  events::PartitionId partition;
  const projections::RowReader& reader;
  const std::string& webhook_id;
  std::string from;  // what the first row's key ends with; empty: from the newest
  Page& page;

  bool add(events::Sequence sequence) const {
    const auto row = projections::find_delivery(reader, webhook_id, sequence);
    return !row || page.add(delivery_id(webhook_id, sequence), delivery_json(webhook_id, *row));
  }
};

void add_list(std::string_view list, const Listing& listing) {
  const std::string prefix = projections::delivery_prefix(list, listing.webhook_id);
  listing.services.projections.scan(listing.partition, projections::Table::kWebhooks, prefix, prefix + listing.from,
                                    [&](std::string_view row_key, std::string_view) {
                                      const auto suffix = row_key.substr(prefix.size());
                                      return listing.add(projections::sequence_of_suffix(suffix));
                                    });
}

void add_pending(const Listing& listing) {
  const auto pending = projections::pending_deliveries(listing.reader, listing.webhook_id);
  for (auto at = pending.rbegin(); at != pending.rend(); ++at) {
    if (projections::delivery_suffix(*at) < listing.from) continue;
    if (!listing.add(*at)) return;
  }
}

/// Delivered ones have no list of their own: they are most of all.
void add_delivered(const Listing& listing) {
  const std::string prefix = projections::delivery_prefix(projections::kDeliveries, listing.webhook_id);
  listing.services.projections.scan(listing.partition, projections::Table::kWebhooks, prefix, prefix + listing.from,
                                    [&](std::string_view, std::string_view value) {
                                      rows::WebhookDeliveryRow row;
                                      if (!row.ParseFromArray(value.data(), static_cast<int>(value.size())))
                                        return true;
                                      if (row.delivery().status() != v1::WebhookDelivery::DELIVERED) return true;
                                      return listing.page.add(
                                          delivery_id(listing.webhook_id, row.delivery().sequence()),
                                          delivery_json(listing.webhook_id, row));
                                    });
}

}  // namespace

Answered<Step> list_deliveries(const Call& call, const Services& services) {
  const auto webhook = find_named_webhook(call, services, "read_webhook");
  if (!webhook) return refuse(webhook.error());
  const std::string& webhook_id = webhook->webhook().webhook_id();
  const PageRequest request = page_request(call);
  Page page(request);
  Listing listing{services, call.principal->partition, rows_of(call, services), webhook_id, {}, page};
  if (!request.cursor.empty()) {
    const auto sequence = sequence_of_delivery(webhook_id, request.cursor);
    if (!sequence)
      return refuse(invalid_input("`cursor` is of another list: take it from an earlier page of this one."));
    listing.from = projections::delivery_suffix(*sequence);
  }
  const auto status = call.body.value("status", std::string());
  if (status == "pending") {
    add_pending(listing);
  } else if (status == "failed") {
    add_list(projections::kFailedDeliveries, listing);
  } else if (status == "delivered") {
    add_delivered(listing);
  } else {
    add_list(projections::kDeliveries, listing);
  }
  return std::move(page).finish();
}

}  // namespace keyfold::api
