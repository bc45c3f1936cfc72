#include <gtest/gtest.h>

#include <set>

#include "tests/unit/api/api_fixture.h"

namespace keyfold::api::testing {
namespace {

using Json = nlohmann::json;

class VerificationUsage : public ::testing::Test, protected ApiFixture {
 protected:
  VerificationUsage() : root_(make_root_key("ws_main", {"administrator"})) {
    api_id_ = ask("apis.createApi", {{"name", "usage"}}).at("apiId");
  }

  Json ask(const std::string& operation, const Json& body, const HeaderList& more = {}) {
    return post("/v2/" + operation, body, root_, more)["data"];
  }
  [[nodiscard]] Json make_key(Json fields = Json::object()) {
    fields["apiId"] = api_id_;
    return ask("keys.createKey", fields);
  }
  Json verify(const Json& key, Json more = Json::object(), const HeaderList& headers = {}) {
    more["key"] = key.at("key");
    return ask("keys.verifyKey", more, headers);
  }
  /// Everything that was recorded.
  [[nodiscard]] std::vector<v1::Verification> recorded() const {
    usage->flush();
    std::vector<v1::Verification> found;
    EXPECT_TRUE(usage_log->read(0, 1'000, [&](events::Sequence, const v1::UsageBatch& batch) {
      for (const auto& verification : batch.verifications()) found.push_back(verification);
      return true;
    }));
    return found;
  }
  /// `outcome spent` for each record, sorted: in a batch they come in no order.
  [[nodiscard]] std::string outcomes() const {
    std::multiset<std::string> all;
    for (const auto& record : recorded()) all.insert(record.outcome() + " " + std::to_string(record.spent_credits()));
    std::string joined;
    for (const std::string& one : all) joined += (joined.empty() ? "" : ", ") + one;
    return joined;
  }

  std::string root_;
  std::string api_id_;
};

TEST_F(VerificationUsage, TellsWhoseKeyWasVerifiedWhenAndHow) {
  const Json key = make_key({{"externalId", "ann"}});
  const Json answer = post("/v2/keys.verifyKey", {{"key", key.at("key")}}, root_);
  const auto records = recorded();
  ASSERT_EQ(records.size(), 1u);
  const v1::Verification& record = records[0];
  EXPECT_EQ(record.request_id(), answer.at("meta").at("requestId"));
  EXPECT_EQ(record.time_ms(), clock.now_ms());
  EXPECT_EQ(record.workspace_id(), "ws_main");
  EXPECT_EQ(record.keyspace_id().substr(0, 3), "ks_");
  EXPECT_EQ(record.key_id(), key.at("keyId"));
  EXPECT_EQ(record.identity_id(), answer.at("data").at("identity").at("id"));
  EXPECT_EQ(record.external_id(), "ann");
  EXPECT_EQ(record.outcome(), "VALID");
  EXPECT_EQ(record.tags_size(), 0);
  EXPECT_EQ(record.spent_credits(), 0);
  EXPECT_GE(record.latency_us(), 0);
}

TEST_F(VerificationUsage, KeepsTheTags) {
  verify(make_key(), {{"tags", {"path=/x", "smile ☺"}}});
  usage->flush();
  verify(make_key());
  const auto records = recorded();
  ASSERT_EQ(records.size(), 2u);
  ASSERT_EQ(records[0].tags_size(), 2);
  EXPECT_EQ(records[0].tags(1), "smile ☺");
  EXPECT_EQ(records[1].tags_size(), 0) << "tags of another request";
}

TEST_F(VerificationUsage, TellsTheCreditsThatWereCharged) {
  const Json key = make_key({{"credits", {{"remaining", 5}}}});
  verify(key, {{"credits", {{"cost", 4}}}, {"tags", {"t"}}});
  ASSERT_EQ(recorded().size(), 1u);
  EXPECT_EQ(recorded()[0].tags(0), "t");
  verify(key, {{"credits", {{"cost", 4}}}});
  verify(key, {{"credits", {{"cost", 0}}}});
  EXPECT_EQ(outcomes(), "USAGE_EXCEEDED 0, VALID 0, VALID 4");
}

TEST_F(VerificationUsage, ChargesAnUnlimitedKeyNothing) {
  verify(make_key(), {{"credits", {{"cost", 4}}}});
  EXPECT_EQ(outcomes(), "VALID 0");
}

TEST_F(VerificationUsage, TellsFailuresOfAKnownKey) {
  const Json key = make_key({{"enabled", false}});
  verify(key);
  verify(make_key(), {{"permissions", "not.held"}});
  EXPECT_EQ(outcomes(), "DISABLED 0, INSUFFICIENT_PERMISSIONS 0");
}

TEST_F(VerificationUsage, TellsOfARateLimitedKeyWithTheTags) {
  const Json limit = {{"name", "requests"}, {"limit", 1}, {"duration", 60'000}, {"autoApply", true}};
  const Json key = make_key({{"ratelimits", {limit}}});
  verify(key);
  usage->flush();
  verify(key, {{"tags", {"t"}}});
  EXPECT_EQ(outcomes(), "RATE_LIMITED 0, VALID 0");
  EXPECT_EQ(recorded()[1].tags(0), "t");
  EXPECT_NE(metrics->render().find(R"(code="RATE_LIMITED"} 1)"), std::string::npos);
}

TEST_F(VerificationUsage, CountsARepeatOnceThatWasOnlyChargedToRateLimits) {
  const Json limit = {{"name", "requests"}, {"limit", 1}, {"duration", 60'000}, {"autoApply", true}};
  const Json key = make_key({{"ratelimits", {limit}}});
  const Json first = verify(key, {}, {{"Idempotency-Key", "one"}});
  EXPECT_EQ(first.at("code"), "VALID");
  EXPECT_EQ(verify(key, {}, {{"Idempotency-Key", "one"}}), first);
  EXPECT_EQ(verify(key, {}, {{"Idempotency-Key", "two"}}).at("code"), "RATE_LIMITED");
  EXPECT_EQ(outcomes(), "RATE_LIMITED 0, VALID 0");
}

TEST_F(VerificationUsage, SaysNothingOfAKeyThatWasNotFound) {
  const Json key = make_key();
  verify({{"key", "no_such_key"}});
  verify({{"key", root_}});
  for (const auto& stranger :
       {make_root_key("ws_other", {"administrator"}), make_root_key("ws_main", {"api.*.read_key"})}) {
    EXPECT_EQ(post("/v2/keys.verifyKey", {{"key", key.at("key")}}, stranger)["data"]["code"], "NOT_FOUND");
  }
  EXPECT_EQ(outcomes(), "");
}

TEST_F(VerificationUsage, SaysNothingOfARefusedRequest) {
  const Json key = make_key();
  verify(key, {{"permissions", "("}});
  verify(key, {{"tags", {""}}});
  EXPECT_EQ(outcomes(), "");
}

TEST_F(VerificationUsage, CountsARepeatedRequestOnce) {
  const Json key = make_key({{"credits", {{"remaining", 5}}}});
  verify(key, {}, {{"Idempotency-Key", "one"}});
  verify(key, {}, {{"Idempotency-Key", "one"}});
  ask("keys.updateKey", {{"keyId", key.at("keyId")}, {"enabled", false}});
  verify(key, {}, {{"Idempotency-Key", "one"}});
  EXPECT_EQ(outcomes(), "VALID 1");
}

TEST_F(VerificationUsage, ShowsInKeysWhenTheyWereLastUsed) {
  const Json key = make_key();
  const Json by_id = {{"keyId", key.at("keyId")}};
  EXPECT_FALSE(ask("keys.getKey", by_id).contains("lastUsedAt"));
  clock.advance_ms(90'000);
  verify(key);
  usage->flush();
  const std::int64_t minute_ms = clock.now_ms() - clock.now_ms() % 60'000;
  EXPECT_EQ(ask("keys.getKey", by_id).at("lastUsedAt"), minute_ms);
  EXPECT_EQ(ask("apis.listKeys", {{"apiId", api_id_}}).at(0).at("lastUsedAt"), minute_ms);
  restart();
  EXPECT_EQ(ask("keys.getKey", by_id).at("lastUsedAt"), minute_ms);
}

}  // namespace
}  // namespace keyfold::api::testing
