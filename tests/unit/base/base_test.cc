#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>

#include "schemas/base/clock.h"
#include "schemas/base/encoding.h"
#include "schemas/base/hash.h"
#include "schemas/base/random.h"
#include "schemas/base/result.h"

namespace keyfold {
namespace {

TEST(Hash, Kg4AgreesWithThePublishedTestVectors) {
  EXPECT_EQ(to_hex(as_view(sha256("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256({"a", "", "bc"}), sha256("abc"));
  EXPECT_EQ(to_hex(as_view(hmac_sha256("Jefe", "what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");  // RFC 4231, case 2
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);                                    // RFC 3720, B.4
}

TEST(Hash, ChecksumOfPartsContinuesTheOneBefore) {
  rc::check([](const std::string& a, const std::string& b) { RC_ASSERT(crc32c(b, crc32c(a)) == crc32c(a + b)); });
}

TEST(Hash, ConstantTimeComparisonIsEquality) {
  EXPECT_TRUE(equal_constant_time("", ""));
  EXPECT_TRUE(equal_constant_time("secret", "secret"));
  EXPECT_FALSE(equal_constant_time("secret", "secreT"));
  EXPECT_FALSE(equal_constant_time("secret", "secret2"));
}

TEST(Encoding, Base58AgreesWithTheBitcoinVectors) {
  EXPECT_EQ(to_base58(""), "");
  EXPECT_EQ(to_base58("a"), "2g");
  EXPECT_EQ(to_base58("bbb"), "a3gV");
  EXPECT_EQ(to_base58(*from_hex("00eb15231dfceb60925886b67d065299925915aeb172c06647")),
            "1NS17iag9jJgTHD1VXjvLCEnZuQ3rJDE9L");
  EXPECT_EQ(to_base58(std::string(3, '\0')), "111");
}

TEST(Encoding, HexAndBase64RoundTripAnyBytes) {
  rc::check([](const std::string& bytes) {
    RC_ASSERT(from_hex(to_hex(bytes)) == bytes);
    RC_ASSERT(from_base64(to_base64(bytes)) == bytes);
  });
}

TEST(Encoding, Base64RefusesEverySpellingButTheCanonicalOne) {
  for (const char* bad : {"QQ", "QQ=", "QR==", " QQ==", "QQ==\n", "Q===", "!!!!", "====", "QQ==QQ=="}) {
    EXPECT_FALSE(from_base64(bad).has_value()) << bad;
  }
  EXPECT_EQ(from_base64("QQ=="), "A");
}

TEST(Encoding, HexRefusesOddLengthsAndOtherLetters) {
  EXPECT_FALSE(from_hex("abc").has_value());
  EXPECT_FALSE(from_hex("zz").has_value());
  EXPECT_EQ(from_hex("4B4b"), "KK");
}

TEST(Random, IdsHaveTheirPrefixAndOnlyAlphanumerics) {
  std::set<std::string> seen;
  for (int i = 0; i < 10'000; ++i) {
    const std::string id = make_id("key");
    ASSERT_EQ(id.size(), 13u);
    ASSERT_TRUE(id.starts_with("key_"));
    for (const char c : id.substr(4)) ASSERT_TRUE(std::isalnum(static_cast<unsigned char>(c))) << id;
    ASSERT_TRUE(seen.insert(id).second);
  }
}

TEST(Random, UuidsCarryTheTimeTheVersionAndTheVariant) {
  const std::int64_t now_ms = 0x0123456789ab;
  const auto uuid = make_uuid_v7(now_ms);
  const std::string text = to_uuid_text({reinterpret_cast<const char*>(uuid.data()), uuid.size()});
  ASSERT_EQ(text.size(), 36u);
  EXPECT_EQ(text.substr(0, 15), "01234567-89ab-7");
  EXPECT_NE(std::string_view("89ab").find(text[19]), std::string_view::npos);
}

TEST(Random, LargeRequestsAreFilledToTheEnd) {
  std::vector<std::uint8_t> bytes(100'000, 0);
  fill_random(bytes);
  // A run of 64 zeros in random bytes has a chance of 2^-512: it means bytes that were never written.
  EXPECT_EQ(std::search_n(bytes.begin(), bytes.end(), 64, 0), bytes.end());
}

TEST(Error, IsOneLineOfWhatWhereAndHint) {
  EXPECT_EQ((Error{ErrorCode::kDataLoss, "record is damaged", "2:17", "restore it"}).to_string(),
            "record is damaged (2:17); restore it");
  EXPECT_EQ((Error{ErrorCode::kInternal, "oops", "", ""}).to_string(), "oops");
}

TEST(Clock, ManualClockMovesOnlyWhenTold) {
  ManualClock clock(1000);
  EXPECT_EQ(clock.now_ms(), 1000);
  clock.advance_ms(5);
  EXPECT_EQ(clock.now_ms(), 1005);
  EXPECT_GT(SystemClock().now_ms(), 1'700'000'000'000);
}

}  // namespace
}  // namespace keyfold
