#include "gateway/api/key/migration_verification.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "schemas/base/encoding.h"

namespace keyfold::api {
namespace {

std::string parts(std::string_view key) {
  const auto parsed = parse_prefixed_key(key);
  if (!parsed) return "none";
  return std::string(parsed->prefix) + "|" + std::string(parsed->short_token) + "|" + std::string(parsed->long_token);
}

TEST(PrefixedKey, HasItsSecretAfterTheLastUnderscore) {
  EXPECT_EQ(parts("re_Aw4pYHsR_7M6kvVbLKtbXb9hZcXqYxGpx"), "re|Aw4pYHsR|7M6kvVbLKtbXb9hZcXqYxGpx");
  EXPECT_EQ(parts("my_company_short_long"), "my_company|short|long");
  EXPECT_EQ(parts("p__long"), "p||long");
  EXPECT_EQ(parts("_s_l"), "|s|l");
}

TEST(PrefixedKey, NeedsThreePartsAndASecret) {
  for (const char* key : {"", "x", "_", "a_b", "_b", "a_", "a_b_", "__"}) EXPECT_EQ(parts(key), "none") << key;
}

TEST(PrefixedKey, IsHashedAsTheNpmPackageDoesIt) {
  // prefixed-api-key's own documentation: its example key and what it stores.
  const auto parsed = parse_prefixed_key("mycompany_BRTRKFsL_51FwqftsmMDHHbJAMEXXHCgG");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(to_hex(as_view(sha256(parsed->long_token))),
            "d70d981d87b449c107327c2a2afbf00d4b58070d6ba571aac35d7ea3e7c79f37");
}

RC_GTEST_PROP(PrefixedKey, IsPutTogetherAgainFromItsParts, ()) {
  const auto key = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab_")));
  const auto parsed = parse_prefixed_key(key);
  const bool has_form = std::count(key.begin(), key.end(), '_') >= 2 && key.back() != '_';
  RC_ASSERT(parsed.has_value() == has_form);
  if (!parsed) return;
  RC_ASSERT(std::string(parsed->prefix) + "_" + std::string(parsed->short_token) + "_" +
                std::string(parsed->long_token) ==
            key);
  RC_ASSERT(parsed->long_token.find('_') == std::string_view::npos);
  RC_ASSERT(parsed->short_token.find('_') == std::string_view::npos);
}

}  // namespace
}  // namespace keyfold::api
