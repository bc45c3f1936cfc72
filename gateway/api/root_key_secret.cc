#include "gateway/api/root_key_secret.h"

#include <openssl/crypto.h>

#include <array>

#include "schemas/base/encoding.h"
#include "schemas/base/random.h"

namespace keyfold::api {
namespace {

constexpr std::size_t kSecretBytes = 24;
constexpr std::size_t kStartLength = 10;
constexpr std::size_t kIdLength = 16;

}  // namespace

RootKeySecret make_root_key_secret() {
  std::array<std::uint8_t, kSecretBytes> random{};
  fill_random(random);
  RootKeySecret made;
  made.id = make_id("rk", kIdLength);
  made.secret = "unkey_" + to_base58({reinterpret_cast<const char*>(random.data()), random.size()});
  made.start = made.secret.substr(0, kStartLength);
  made.hash = sha256(made.secret);
  OPENSSL_cleanse(random.data(), random.size());
  return made;
}

}  // namespace keyfold::api
