#pragma once

#include <google/protobuf/repeated_ptr_field.h>

#include <optional>

#include "gateway/api/endpoint.h"
#include "keyfold/v1/webhook.pb.h"

namespace keyfold::api {

/// The members that creating and updating have in common, but for `headers`. Refuses a URL that nothing may be sent to,
/// and a pattern that no event type matches.
[[nodiscard]] std::optional<ApiError> read_webhook_fields(const Call& call, const Services& services,
                                                          v1::WebhookUpdated& out);

using WebhookHeaders = google::protobuf::RepeatedPtrField<v1::WebhookSecrets::Header>;
/// The member `headers`, in the order of the names. Refuses names that deliveries use themselves, and values that no
/// header may hold.
[[nodiscard]] Answered<WebhookHeaders> webhook_headers_from(const nlohmann::json& headers);

}  // namespace keyfold::api
