#include "gateway/api/key/new_secret.h"

#include <vector>

#include "schemas/base/encoding.h"
#include "schemas/base/random.h"

namespace keyfold::api {
namespace {

constexpr std::size_t kShownCharacters = 4;

std::string random_base58(std::uint32_t byte_length) {
  std::vector<std::uint8_t> bytes(byte_length);
  fill_random(bytes);
  return to_base58({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace

NewSecret make_secret(std::string_view prefix, std::uint32_t byte_length) {
  NewSecret secret;
  if (!prefix.empty()) secret.text.append(prefix).append("_");
  const std::size_t shown = secret.text.size() + kShownCharacters;
  secret.text += random_base58(byte_length);
  secret.start = secret.text.substr(0, shown);
  secret.hash = sha256(secret.text);
  return secret;
}

}  // namespace keyfold::api
