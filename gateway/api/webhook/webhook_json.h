#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gateway/api/endpoint.h"
#include "projections/rows.pb.h"

namespace keyfold::api {

/// As the API shows it: never its secrets.
[[nodiscard]] Json webhook_json(const rows::WebhookRow& row);
[[nodiscard]] Json delivery_json(std::string_view webhook_id, const rows::WebhookDeliveryRow& row);

/// A delivery's name in the API: `whd_<the webhook's characters>_<the event's sequence>`.
[[nodiscard]] std::string delivery_id(std::string_view webhook_id, events::Sequence sequence);
/// The sequence in the id, when it is of that webhook.
[[nodiscard]] std::optional<events::Sequence> sequence_of_delivery(std::string_view webhook_id,
                                                                   std::string_view delivery_id);

}  // namespace keyfold::api
