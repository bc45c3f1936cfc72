#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "projections/projector.h"
#include "projections/rows.pb.h"

/// Webhooks. Rows: `w/<webhook_id>` -> WebhookRow, `l/<workspace_id>/<webhook_id>` -> "", `c/<workspace_id>` -> how
/// many there are, `s/<workspace_id>/<webhook_id>` -> the id of the data key that opens its secrets, `v/` -> a number
/// that every change of a webhook makes higher; and their deliveries, see webhook_deliveries.h. A deleted webhook has
/// no row.
namespace keyfold::projections {

inline constexpr std::string_view kWebhooks = "w/";
inline constexpr std::string_view kWebhookSecretList = "s/";

[[nodiscard]] std::optional<rows::WebhookRow> find_webhook(const RowReader& rows, std::string_view webhook_id);
[[nodiscard]] std::uint64_t count_webhooks(const RowReader& rows, std::string_view workspace_id);
/// Another number whenever a webhook of the partition was made, changed, disabled or deleted, or deliveries were asked
/// for again; progress leaves it alone.
[[nodiscard]] std::uint64_t webhooks_version(const RowReader& rows);
/// `l/<workspace_id>/`: what the listing of a workspace begins with.
[[nodiscard]] std::string webhook_list_prefix(std::string_view workspace_id);

void fold_webhook(const events::Event& event, Overlay& rows);
inline constexpr Projector kWebhookProjector{"webhooks", Table::kWebhooks, 1, fold_webhook};

}  // namespace keyfold::projections
