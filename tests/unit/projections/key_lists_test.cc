#include "projections/key_lists.h"
#include "schemas/base/clock.h"

#include "keyfold/v1/vault.pb.h"
#include "projections/key.h"
#include "tests/unit/projections/projector_fixture.h"

namespace keyfold::projections::testing {
namespace {

constexpr std::int64_t kToday = utc_day(kNowMs);

class KeyLists : public ProjectorTest {
 protected:
  void given_key(const std::string& members) {
    given("key_created { key_id: 'key_1' api_id: 'api_1' keyspace_id: 'ks_1' hash: 'HASH' " + members + " }");
  }
  /// A ciphertext under that data key, as a text literal.
  static std::string sealed_by(const std::string& data_key) {
    v1::KeySecretResealed quoted;
    v1::Sealed sealed;
    sealed.set_data_key_id(data_key);
    quoted.set_sealed_secret(sealed.SerializeAsString());
    return quoted.ShortDebugString();
  }
  [[nodiscard]] std::optional<std::int64_t> refill_day() const {
    return find_refill_since(rows_, find_key(rows_, "key_1").value());
  }
  [[nodiscard]] std::optional<std::string> secret() const { return rows_.get(Table::kKeys, "s/ws_1/key_1"); }
};

TEST_F(KeyLists, HoldTheDayOnWhichTheRefillWasSet) {
  given_key("refill { interval: DAILY amount: 1 }");
  EXPECT_EQ(refill_day(), kToday);
  given("key_updated { key_id: 'key_1' name { value: 'n' } }", kNowMs + kDayMs);
  EXPECT_EQ(refill_day(), kToday);
  given("key_updated { key_id: 'key_1' refill { value { interval: DAILY amount: 2 } } }", kNowMs + 2 * kDayMs);
  EXPECT_EQ(refill_day(), kToday + 2);
  given("key_updated { key_id: 'key_1' refill { } }", kNowMs + 3 * kDayMs);
  EXPECT_EQ(refill_day(), std::nullopt);
}

TEST_F(KeyLists, HoldNoKeyWithoutRefillOrCiphertext) {
  given_key("");
  EXPECT_EQ(keys(Table::kKeys), (Keys{"a/ks_1/key_1", "h/HASH", "k/key_1"}));
}

TEST_F(KeyLists, ForgetARefillWithItsKey) {
  given_key("refill { interval: DAILY amount: 1 }");
  given("key_deleted { key_id: 'key_1' }");
  EXPECT_FALSE(rows_.get(Table::kKeys, "r/ws_1/key_1"));
}

TEST_F(KeyLists, NameTheDataKeyOfACiphertext) {
  given_key(sealed_by("dek_1"));
  EXPECT_EQ(secret(), "dek_1");
  given("key_secret_resealed { key_id: 'key_1' " + sealed_by("dek_2") + " }", kNowMs + 1);
  EXPECT_EQ(secret(), "dek_2");
  EXPECT_EQ(data_key_of(find_key(rows_, "key_1")->sealed_secret()), "dek_2");
  EXPECT_EQ(find_key(rows_, "key_1")->updated_at_ms(), 0);
}

TEST_F(KeyLists, HoldACiphertextAsLongAsItsRow) {
  given_key(sealed_by("dek_1"));
  given("key_deleted { key_id: 'key_1' }");
  EXPECT_EQ(secret(), "dek_1");
}

TEST_F(KeyLists, ForgetACiphertextThatIsDeletedForGood) {
  given_key(sealed_by("dek_1"));
  given("key_deleted { key_id: 'key_1' permanent: true }");
  EXPECT_EQ(keys(Table::kKeys), Keys{});
}

TEST_F(KeyLists, ARefillSetsTheBalanceItsDayAndTheMomentOfChange) {
  given_key("credits_remaining: 1 refill { interval: DAILY amount: 5 }");
  given("key_refilled { key_id: 'key_1' amount: 5 previous: 1 day: 77 }", kNowMs + 9);
  const auto row = find_key(rows_, "key_1").value();
  EXPECT_EQ(row.credits_remaining(), 5);
  EXPECT_EQ(row.last_refill_day(), 77);
  EXPECT_EQ(row.updated_at_ms(), kNowMs + 9);
}

}  // namespace
}  // namespace keyfold::projections::testing
