#pragma once

#include <optional>

#include "gateway/api/endpoint.h"
#include "projections/rows.pb.h"

// Additions of keyfold: URLs that a workspace's events are sent to.
namespace keyfold::api {

[[nodiscard]] Answered<Step> create_webhook(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> get_webhook(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> list_webhooks(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> update_webhook(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> delete_webhook(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> rotate_webhook_secret(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> test_webhook(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> list_deliveries(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> redeliver(const Call& call, const Services& services);

/// `webhook.{*|id}.<action>`.
[[nodiscard]] bool may_on_webhook(const Call& call, std::string_view webhook_id, std::string_view action);

/// The webhook that the body's `webhookId` names, when the caller may do that with it. Who may not, learns nothing
/// about which exist.
[[nodiscard]] Answered<rows::WebhookRow> find_named_webhook(const Call& call, const Services& services,
                                                            std::string_view action);

}  // namespace keyfold::api
