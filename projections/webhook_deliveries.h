#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "projections/rows.h"
#include "projections/rows.pb.h"

/// A webhook's deliveries, rows of the webhooks' table; a delivery is named by its event's sequence, and the newest
/// comes first. Rows: `d/<webhook_id>/<~sequence>` -> WebhookDeliveryRow, `f/<webhook_id>/<~sequence>` -> "" for dead
/// letters, `q/<webhook_id>` -> WebhookPendingRow; and in the order in which they were settled, so that the oldest can
/// be forgotten, `o/<webhook_id>/<number>` (delivered) and `x/<webhook_id>/<number>` (dead letters) -> ~sequence.
namespace keyfold::projections {

inline constexpr std::string_view kDeliveries = "d/";
inline constexpr std::string_view kFailedDeliveries = "f/";

/// `<list><webhook_id>/`: what a list begins with.
[[nodiscard]] std::string delivery_prefix(std::string_view list, std::string_view webhook_id);
/// What follows the prefix: later sequences come first.
[[nodiscard]] std::string delivery_suffix(events::Sequence sequence);
[[nodiscard]] events::Sequence sequence_of_suffix(std::string_view suffix);

[[nodiscard]] std::optional<rows::WebhookDeliveryRow> find_delivery(const RowReader& rows, std::string_view webhook_id,
                                                                    events::Sequence sequence);
/// The sequences of what waits for an attempt, ascending.
[[nodiscard]] std::vector<events::Sequence> pending_deliveries(const RowReader& rows, std::string_view webhook_id);

/// What the events do to a webhook's deliveries, and to what its row says of them; the caller puts the row.
void record_deliveries(const events::Event& event, rows::WebhookRow& row, Overlay& rows);
void request_redelivery(const events::Event& event, rows::WebhookRow& row, Overlay& rows);
void erase_deliveries(const rows::WebhookRow& row, Overlay& rows);

}  // namespace keyfold::projections
