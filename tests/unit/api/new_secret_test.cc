#include "gateway/api/key/new_secret.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

namespace keyfold::api {
namespace {

bool is_base58(std::string_view text) {
  return text.find_first_not_of("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz") == std::string_view::npos;
}

RC_GTEST_PROP(NewSecret, IsThePrefixAnUnderscoreAndBase58, ()) {
  const auto letter = rc::gen::elementOf(std::string("abcXYZ019_"));
  const auto prefix = *rc::gen::container<std::string>(letter);
  const auto byte_length = *rc::gen::inRange<std::uint32_t>(16, 256);
  const NewSecret secret = make_secret(prefix, byte_length);
  const std::string lead = prefix.empty() ? "" : prefix + "_";
  RC_ASSERT(secret.text.starts_with(lead));
  RC_ASSERT(is_base58(secret.text.substr(lead.size())));
  RC_ASSERT(secret.start == secret.text.substr(0, lead.size() + 4));
  RC_ASSERT(secret.hash == sha256(secret.text));
  // Base58 takes 1.37 characters a byte, and one for each leading zero.
  const std::size_t characters = secret.text.size() - lead.size();
  RC_ASSERT(characters >= byte_length && characters <= byte_length * 138 / 100 + 1);
}

TEST(NewSecret, IsNeverTheSameTwice) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(make_secret("", kSecretBytes).text);
  EXPECT_EQ(seen.size(), 1000U);
}

}  // namespace
}  // namespace keyfold::api
