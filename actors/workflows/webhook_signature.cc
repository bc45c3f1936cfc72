#include "actors/workflows/webhook_signature.h"

#include <openssl/evp.h>

#include <array>
#include <memory>

#include "schemas/base/encoding.h"
#include "schemas/base/hash.h"
#include "schemas/base/random.h"

namespace keyfold::actors {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kEd25519SignatureBytes = 64;

using PrivateKey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

PrivateKey ed25519_key(std::string_view seed) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(seed.data());
  return {EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes, seed.size()), EVP_PKEY_free};
}

std::string ed25519_public_key(std::string_view seed) {
  const PrivateKey key = ed25519_key(seed);
  std::array<unsigned char, kKeyBytes> out{};
  std::size_t size = out.size();
  if (!key || EVP_PKEY_get_raw_public_key(key.get(), out.data(), &size) != 1) return {};
  return {reinterpret_cast<const char*>(out.data()), size};
}

/// Empty when the seed is no key.
std::string ed25519_sign(std::string_view seed, std::string_view text) {
  const PrivateKey key = ed25519_key(seed);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  std::array<unsigned char, kEd25519SignatureBytes> out{};
  std::size_t size = out.size();
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  if (!key || !context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), out.data(), &size, bytes, text.size()) != 1) {
    return {};
  }
  return {reinterpret_cast<const char*>(out.data()), size};
}

}  // namespace

WebhookKey make_webhook_key(v1::WebhookCreated::Signature signature) {
  std::array<std::uint8_t, kKeyBytes> random{};
  fill_random(random);
  WebhookKey key{.bytes = {reinterpret_cast<const char*>(random.data()), random.size()}, .shown = {}};
  key.shown = signature == v1::WebhookCreated::ED25519 ? "whpk_" + to_base64(ed25519_public_key(key.bytes))
                                                       : "whsec_" + to_base64(key.bytes);
  return key;
}

std::string sign_delivery(v1::WebhookCreated::Signature signature, std::string_view key, std::string_view id,
                          std::int64_t timestamp_s, std::string_view body) {
  std::string text;
  text.reserve(id.size() + body.size() + 24);
  text.append(id).append(".").append(std::to_string(timestamp_s)).append(".").append(body);
  if (signature == v1::WebhookCreated::ED25519) return "v1a," + to_base64(ed25519_sign(key, text));
  return "v1," + to_base64(as_view(hmac_sha256(key, text)));
}

}  // namespace keyfold::actors
