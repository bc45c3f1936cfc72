#include "actors/workflows/webhook_signature.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <memory>

#include "schemas/base/encoding.h"

namespace keyfold::actors {
namespace {

using Signature = v1::WebhookCreated;

bool verifies(const std::string& public_key, const std::string& signature, const std::string& text) {
  const auto bytes = [](const std::string& from) { return reinterpret_cast<const unsigned char*>(from.data()); };
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes(public_key), public_key.size()), EVP_PKEY_free);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  return key && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(text), text.size()) == 1;
}

TEST(WebhookSignature, IsTheOneOfTheSpecificationsExample) {
  const auto key = from_base64("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").value();
  EXPECT_EQ(
      sign_delivery(Signature::HMAC, key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1'614'265'330, R"({"test": 2432232314})"),
      "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(WebhookSignature, IsCheckedByThePublicKeyOfEd25519) {
  const WebhookKey key = make_webhook_key(Signature::ED25519);
  ASSERT_TRUE(key.shown.starts_with("whpk_"));
  const auto public_key = from_base64(key.shown.substr(5)).value();
  const std::string signature = sign_delivery(Signature::ED25519, key.bytes, "id", 7, "body");
  ASSERT_TRUE(signature.starts_with("v1a,"));
  const auto bytes = from_base64(signature.substr(4)).value();
  EXPECT_TRUE(verifies(public_key, bytes, "id.7.body"));
  EXPECT_FALSE(verifies(public_key, bytes, "id.8.body"));
}

TEST(WebhookKey, OfHmacIsASecretOf32Bytes) {
  const WebhookKey key = make_webhook_key(Signature::HMAC);
  ASSERT_TRUE(key.shown.starts_with("whsec_"));
  EXPECT_EQ(from_base64(key.shown.substr(6)), key.bytes);
  EXPECT_EQ(key.bytes.size(), 32u);
  EXPECT_NE(make_webhook_key(Signature::HMAC).bytes, key.bytes);
}

}  // namespace
}  // namespace keyfold::actors
