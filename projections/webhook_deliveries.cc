#include "projections/webhook_deliveries.h"

#include <algorithm>
#include <set>

#include "projections/big_endian.h"
#include "projections/row_access.h"

namespace keyfold::projections {
namespace {

constexpr Table kTable = Table::kWebhooks;
constexpr std::string_view kPending = "q/";
constexpr std::string_view kDeliveredOrder = "o/";
constexpr std::string_view kFailedOrder = "x/";

std::string order_key(std::string_view order, std::string_view webhook_id, std::uint64_t number) {
  return row_key({order, webhook_id, "/", to_big_endian(number, 8)});
}

/// The deliveries of one webhook while an event is folded.
class Deliveries {
 public:
  Deliveries(rows::WebhookRow& row, Overlay& rows) : row_(row), rows_(rows), webhook_id_(row.webhook().webhook_id()) {
    for (const events::Sequence sequence : pending_deliveries(rows, webhook_id_)) pending_.insert(sequence);
  }
  ~Deliveries() {
    rows::WebhookPendingRow list;
    for (const events::Sequence sequence : pending_) list.add_sequences(sequence);
    put_row(rows_, kTable, row_key({kPending, webhook_id_}), list);
    row_.set_pending(pending_.size());
  }
  Deliveries(const Deliveries&) = delete;
  Deliveries& operator=(const Deliveries&) = delete;

  /// Puts the delivery in the place of what was known of it.
  void set(const v1::WebhookDelivery& delivery) {
    const events::Sequence sequence = delivery.sequence();
    const auto before = find_delivery(rows_, webhook_id_, sequence);
    if (before && before->delivery().status() == v1::WebhookDelivery::FAILED) unlist_failed(sequence);
    pending_.erase(sequence);
    rows::WebhookDeliveryRow out;
    *out.mutable_delivery() = delivery;
    if (delivery.status() == v1::WebhookDelivery::DELIVERED) {
      out.set_number(settle(kDeliveredOrder, row_.delivered_next(), sequence));
      row_.set_delivered_next(out.number() + 1);
    } else if (delivery.status() == v1::WebhookDelivery::FAILED) {
      out.set_number(settle(kFailedOrder, row_.failed_next(), sequence));
      row_.set_failed_next(out.number() + 1);
      rows_.put(kTable, delivery_prefix(kFailedDeliveries, webhook_id_) + delivery_suffix(sequence), "");
      row_.set_failed(row_.failed() + 1);
    } else {
      pending_.insert(sequence);
    }
    put_row(rows_, kTable, key_of(sequence), out);
  }

  void forget_delivered(std::uint64_t count_max) {
    while (row_.delivered_next() - row_.delivered_first() > count_max) {
      forget(kDeliveredOrder, row_.delivered_first(), v1::WebhookDelivery::DELIVERED);
      row_.set_delivered_first(row_.delivered_first() + 1);
    }
  }
  void forget_failed(std::uint64_t count_max, std::int64_t before_ms) {
    while (row_.failed_first() < row_.failed_next()) {
      const auto oldest = find_settled(kFailedOrder, row_.failed_first(), v1::WebhookDelivery::FAILED);
      if (oldest && row_.failed() <= count_max && oldest->delivery().attempted_at_ms() >= before_ms) return;
      forget(kFailedOrder, row_.failed_first(), v1::WebhookDelivery::FAILED);
      row_.set_failed_first(row_.failed_first() + 1);
    }
  }

 private:
  [[nodiscard]] std::string key_of(events::Sequence sequence) const {
    return delivery_prefix(kDeliveries, webhook_id_) + delivery_suffix(sequence);
  }
  std::uint64_t settle(std::string_view order, std::uint64_t number, events::Sequence sequence) {
    rows_.put(kTable, order_key(order, webhook_id_, number), delivery_suffix(sequence));
    return number;
  }
  void unlist_failed(events::Sequence sequence) {
    rows_.erase(kTable, delivery_prefix(kFailedDeliveries, webhook_id_) + delivery_suffix(sequence));
    row_.set_failed(row_.failed() - 1);
  }
  /// The delivery that was settled under the number, unless it was settled anew or asked for again since.
  [[nodiscard]] std::optional<rows::WebhookDeliveryRow> find_settled(std::string_view order, std::uint64_t number,
                                                                     v1::WebhookDelivery::Status status) const {
    const auto suffix = rows_.get(kTable, order_key(order, webhook_id_, number));
    if (!suffix) return std::nullopt;
    auto row = find_delivery(rows_, webhook_id_, sequence_of_suffix(*suffix));
    if (row && (row->delivery().status() != status || row->number() != number)) row.reset();
    return row;
  }
  void forget(std::string_view order, std::uint64_t number, v1::WebhookDelivery::Status status) {
    if (const auto settled = find_settled(order, number, status)) {
      const events::Sequence sequence = settled->delivery().sequence();
      if (status == v1::WebhookDelivery::FAILED) unlist_failed(sequence);
      rows_.erase(kTable, key_of(sequence));
    }
    rows_.erase(kTable, order_key(order, webhook_id_, number));
  }

  rows::WebhookRow& row_;
  Overlay& rows_;
  const std::string webhook_id_;
  std::set<events::Sequence> pending_;
};

void note_health(const v1::WebhookDelivery& delivery, rows::WebhookRow& row) {
  const bool is_test = delivery.type() == v1::WebhookTested::descriptor()->name();
  if (delivery.status() == v1::WebhookDelivery::DELIVERED) {
    row.set_last_success_at_ms(delivery.attempted_at_ms());
    row.clear_failing_since_ms();
  } else if (delivery.attempts() > 0 && row.failing_since_ms() == 0 && !is_test) {
    row.set_failing_since_ms(delivery.attempted_at_ms());
  }
}

}  // namespace

std::string delivery_prefix(std::string_view list, std::string_view webhook_id) {
  return row_key({list, webhook_id, "/"});
}

std::string delivery_suffix(events::Sequence sequence) { return to_big_endian(~sequence, 8); }

events::Sequence sequence_of_suffix(std::string_view suffix) { return ~from_big_endian(suffix); }

std::optional<rows::WebhookDeliveryRow> find_delivery(const RowReader& rows, std::string_view webhook_id,
                                                      events::Sequence sequence) {
  return find_row<rows::WebhookDeliveryRow>(rows, kTable,
                                            delivery_prefix(kDeliveries, webhook_id) + delivery_suffix(sequence));
}

std::vector<events::Sequence> pending_deliveries(const RowReader& rows, std::string_view webhook_id) {
  const auto row = find_row<rows::WebhookPendingRow>(rows, kTable, row_key({kPending, webhook_id}));
  if (!row) return {};
  return {row->sequences().begin(), row->sequences().end()};
}

void record_deliveries(const events::Event& event, rows::WebhookRow& row, Overlay& rows) {
  const v1::WebhookDeliveriesRecorded& recorded = event.payload.webhook_deliveries_recorded();
  row.set_next_sequence(std::max<std::uint64_t>(row.next_sequence(), recorded.next_sequence()));
  Deliveries deliveries(row, rows);
  for (const v1::WebhookDelivery& delivery : recorded.deliveries()) {
    deliveries.set(delivery);
    note_health(delivery, row);
  }
  deliveries.forget_delivered(recorded.delivered_max());
  deliveries.forget_failed(recorded.failed_max(), recorded.failed_before_ms());
}

void request_redelivery(const events::Event& event, rows::WebhookRow& row, Overlay& rows) {
  const v1::WebhookRedeliveryRequested& requested = event.payload.webhook_redelivery_requested();
  Deliveries deliveries(row, rows);
  for (const events::Sequence sequence : requested.sequences()) {
    const auto known = find_delivery(rows, requested.webhook_id(), sequence);
    if (!known) continue;
    v1::WebhookDelivery again = known->delivery();
    if (again.status() != v1::WebhookDelivery::PENDING) again.set_is_unordered(true);
    again.set_status(v1::WebhookDelivery::PENDING);
    again.set_attempts(0);
    again.set_next_attempt_at_ms(event.header.time_ms());
    deliveries.set(again);
  }
}

void erase_deliveries(const rows::WebhookRow& row, Overlay& rows) {
  const std::string& webhook_id = row.webhook().webhook_id();
  const std::string deliveries = delivery_prefix(kDeliveries, webhook_id);
  const std::string failed = delivery_prefix(kFailedDeliveries, webhook_id);
  const auto erase_order = [&](std::string_view order, std::uint64_t first, std::uint64_t next) {
    for (std::uint64_t number = first; number < next; ++number) {
      const std::string key = order_key(order, webhook_id, number);
      const auto suffix = rows.get(kTable, key);
      if (!suffix) continue;
      rows.erase(kTable, deliveries + *suffix);
      rows.erase(kTable, failed + *suffix);
      rows.erase(kTable, key);
    }
  };
  erase_order(kDeliveredOrder, row.delivered_first(), row.delivered_next());
  erase_order(kFailedOrder, row.failed_first(), row.failed_next());
  for (const events::Sequence sequence : pending_deliveries(rows, webhook_id)) {
    rows.erase(kTable, deliveries + delivery_suffix(sequence));
  }
  rows.erase(kTable, row_key({kPending, webhook_id}));
}

}  // namespace keyfold::projections
