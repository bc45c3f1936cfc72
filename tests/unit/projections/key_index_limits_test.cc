// What the key index holds of rate limits and lists of addresses.
#include <gtest/gtest.h>

#include "projections/key_index.h"
#include "tests/unit/projections/key_index_fixture.h"

namespace keyfold::projections::testing {
namespace {

class KeyIndexLimitsTest : public ::testing::Test {
 protected:
  KeyIndexLimitsTest() { rows_.put_api("api_1"); }

  void apply() { rows_.apply_to(index_); }
  [[nodiscard]] std::optional<SeenKey> see(const std::string& key_id) const {
    return testing::see(index_, sha256(key_id));
  }

  MapRows rows_;
  KeyIndex index_;
};

TEST_F(KeyIndexLimitsTest, RateLimitsAreSeenWithTheIdsOfTheirOwner) {
  rows_.put_identity("id_1", "user", "{}", {make_limit("rl_9", "requests", 5), make_limit("rl_8", "tokens", 7)});
  for (const char* id : {"key_1", "key_2"}) {
    rows::KeyRow row = make_key(id);
    row.set_identity_id("id_1");
    row.set_credits_remaining(1);
    row.set_expires_at_ms(2);
    *row.add_ratelimits() = make_limit(std::string("rl_of_") + id, "requests", 10, 60'000, false);
    rows_.put_key(row);
  }
  apply();
  for (const std::string id : {"key_1", "key_2"}) {
    const auto seen = see(id);
    EXPECT_EQ(seen->ratelimits, std::vector<std::string>{"rl_of_" + id + " requests 10/60000"});
    EXPECT_EQ(seen->identity_ratelimits,
              (std::vector<std::string>{"rl_9 requests 5/1000 auto", "rl_8 tokens 7/1000 auto"}));
    EXPECT_EQ(seen->identity_meta_json, "{}");
  }
}

TEST_F(KeyIndexLimitsTest, ChangedRateLimitsAreSeenAtOnce) {
  rows_.put_identity("id_1", "user", R"({"a":1})", {make_limit("rl_1", "requests", 5)});
  rows::KeyRow row = make_key("key_1");
  row.set_identity_id("id_1");
  *row.add_ratelimits() = make_limit("rl_2", "tokens", 10);
  rows_.put_key(row);
  apply();
  row.mutable_ratelimits(0)->set_limit(11);
  rows_.put_key(row);
  rows_.put_identity("id_1", "user", R"({"a":1})");
  apply();
  EXPECT_EQ(see("key_1")->ratelimits, std::vector<std::string>{"rl_2 tokens 11/1000 auto"});
  EXPECT_TRUE(see("key_1")->identity_ratelimits.empty());
  EXPECT_EQ(see("key_1")->identity_meta_json, R"({"a":1})");
  row.clear_ratelimits();
  rows_.put_key(row);
  rows_.erase(Table::kIdentities, "i/id_1");
  apply();
  EXPECT_TRUE(see("key_1")->ratelimits.empty());
  EXPECT_EQ(see("key_1")->identity_id, "");
}

TEST_F(KeyIndexLimitsTest, TheAllowlistOfAnApiIsSeenOnAllItsKeysAtOnce) {
  rows_.put_api("api_1", 0, {"10.0.0.1"});
  rows::KeyRow other_keyspace = make_key("key_2");
  other_keyspace.set_keyspace_id("ks_2");
  rows_.put_key(make_key("key_1"));
  rows_.put_key(other_keyspace);
  apply();
  for (const char* id : {"key_1", "key_2"}) EXPECT_EQ(see(id)->ip_allowlist, std::vector<std::string>{"10.0.0.1"});
  rows_.put_api("api_1", 0, {"10.0.0.2", "::1"});
  apply();
  for (const char* id : {"key_1", "key_2"}) {
    EXPECT_EQ(see(id)->ip_allowlist, (std::vector<std::string>{"10.0.0.2", "::1"}));
  }
  rows_.put_api("api_1");
  apply();
  EXPECT_TRUE(see("key_1")->ip_allowlist.empty());
}

TEST_F(KeyIndexLimitsTest, RateLimitsThatManyKeysShareCostEachLittleMoreThanTheirIds) {
  const auto fill = [&](KeyIndex& index, bool has_limits) {
    for (int i = 0; i < 100'000; ++i) {
      rows::KeyRow row = make_key("key_0123456789abcdef" + std::to_string(i));
      for (const char* name : {"requests", "tokens"}) {
        if (has_limits) *row.add_ratelimits() = make_limit("rl_12345678" + std::to_string(i % 10), name, 100);
      }
      index.apply({{Table::kKeys, "k/" + row.key_id(), row.SerializeAsString()}}, rows_);
    }
    return index.stats().bytes;
  };
  KeyIndex plain;
  const auto without = fill(plain, false);
  const auto with = fill(index_, true);
  EXPECT_LT(with - without, 100'000u * 2 * 16);
}

TEST_F(KeyIndexLimitsTest, RateLimitsThatComeAndGoLeaveNothingBehind) {
  rows::KeyRow row = make_key("key_1");
  row.set_identity_id("id_1");
  *row.add_ratelimits() = make_limit("rl_1", "requests", 1);
  rows_.put_key(row);
  rows_.put_identity("id_1", "user", "{}", {make_limit("rl_2", "tokens", 1)});
  apply();
  const auto before = index_.stats().bytes;
  for (int i = 0; i < 1'000; ++i) {
    row.mutable_ratelimits(0)->set_limit(i + 2);
    rows_.put_key(row);
    rows_.put_identity("id_1", "user", "{}", {make_limit("rl_2", "tokens", i + 2)});
    apply();
  }
  EXPECT_LT(index_.stats().bytes, before + 20'000);
}

}  // namespace
}  // namespace keyfold::projections::testing
