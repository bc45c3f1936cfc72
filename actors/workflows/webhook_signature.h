#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "keyfold/v1/webhook.pb.h"

// Signatures of deliveries as the Standard Webhooks specification wants them.
namespace keyfold::actors {

/// A new webhook's key, and the text that its owner gets to check deliveries by.
struct WebhookKey {
  std::string bytes;  // 32: of HMAC, or the Ed25519 seed (RFC 8032)
  std::string shown;  // `whsec_` and the key in base64, or `whpk_` and the public key; the first is a secret
};
/// Draws the key at random. Thread-safe.
[[nodiscard]] WebhookKey make_webhook_key(v1::WebhookCreated::Signature signature);

/// One entry of the header `webhook-signature` (`v1,…` or `v1a,…`) over `id.timestamp.body`. Pure.
[[nodiscard]] std::string sign_delivery(v1::WebhookCreated::Signature signature, std::string_view key,
                                        std::string_view id, std::int64_t timestamp_s, std::string_view body);

}  // namespace keyfold::actors
