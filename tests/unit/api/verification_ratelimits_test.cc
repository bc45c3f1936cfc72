#include "gateway/api/key/verification_ratelimits.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>

#include "projections/packed_text.h"

namespace keyfold::api {
namespace {

using projections::SharedRatelimit;

/// Rate limits of one owner, whose ids are its own id and the limit's name.
class Stored {
 public:
  explicit Stored(std::string owner_id) : owner_id_(std::move(owner_id)) {}
  Stored& add(std::string_view name, std::int64_t limit, bool auto_apply) {
    limits_.push_back({name, limit, 60'000, auto_apply});
    projections::append_text(ids_, owner_id_ + "." + std::string(name));
    return *this;
  }
  [[nodiscard]] projections::RatelimitsView view() const { return {limits_, ids_}; }
  [[nodiscard]] const std::vector<SharedRatelimit>& limits() const { return limits_; }

 private:
  std::string owner_id_;
  std::vector<SharedRatelimit> limits_;
  std::string ids_;
};

class VerificationRatelimits : public ::testing::Test {
 protected:
  [[nodiscard]] projections::KeyView view() const {
    projections::KeyView key;
    key.key_id = "key_1";
    key.ratelimits = of_key.view();
    key.identity_id = "id_1";
    key.identity_ratelimits = of_identity.view();
    return key;
  }
  /// Each applied limit as `id counter limit/duration x cost`, one a line.
  [[nodiscard]] std::string applied(const std::vector<AskedRatelimit>& asked = {}) const {
    const auto result = ratelimits_of(view(), asked);
    if (!result) return result.error().detail;
    std::string text;
    for (const AppliedRatelimit& one : *result) {
      text += one.id + " " + one.counter + " " + std::to_string(one.limit) + "/" + std::to_string(one.duration_ms) +
              " x" + std::to_string(one.cost) + (one.auto_apply ? " auto\n" : "\n");
    }
    return text;
  }

  Stored of_key{"key"};
  Stored of_identity{"id"};
};

TEST_F(VerificationRatelimits, AreNoneWhereNoneAreStoredOrAsked) { EXPECT_EQ(applied(), ""); }

TEST_F(VerificationRatelimits, AreByThemselvesThoseThatSaySoOfKeyAndIdentity) {
  of_key.add("requests", 10, true).add("tokens", 20, false);
  of_identity.add("named", 4, false).add("pages", 5, true);
  EXPECT_EQ(applied(), "id.pages i/id_1/pages 5/60000 x1 auto\nkey.requests k/key_1/requests 10/60000 x1 auto\n");
}

TEST_F(VerificationRatelimits, AreByNameThoseOfKeyAndIdentityWithTheCostAsked) {
  of_key.add("requests", 10, true).add("tokens", 20, false);
  of_identity.add("pages", 5, false);
  EXPECT_EQ(applied({{"tokens"}, {"pages", 3}, {"requests", 0}}),
            "id.pages i/id_1/pages 5/60000 x3\nkey.requests k/key_1/requests 10/60000 x0 auto\n"
            "key.tokens k/key_1/tokens 20/60000 x1\n");
}

TEST_F(VerificationRatelimits, AreTheKeysWhereTheIdentityHasTheSameName) {
  of_key.add("requests", 10, false);
  of_identity.add("requests", 1, true);
  EXPECT_EQ(applied(), "") << "the key's does not apply by itself, the identity's not at all";
  EXPECT_EQ(applied({{"requests"}}), "key.requests k/key_1/requests 10/60000 x1\n");
}

TEST_F(VerificationRatelimits, AreTheRequestsOwnWhereItHasBothNumbers) {
  of_key.add("requests", 10, true);
  of_identity.add("pages", 5, true);
  const std::vector<AskedRatelimit> asked = {{"requests", 2, 7, 1'000}, {"pages", 1, 8, 2'000}, {"own", 3, 9, 3'000}};
  EXPECT_EQ(applied(asked), " k/key_1/own 9/3000 x3\n k/key_1/pages 8/2000 x1\n k/key_1/requests 7/1000 x2\n");
}

TEST_F(VerificationRatelimits, AreStoredOnesWhereOneNumberIsMissing) {
  of_key.add("requests", 10, false);
  EXPECT_EQ(applied({{"requests", 2, 7, std::nullopt}}), "key.requests k/key_1/requests 10/60000 x2\n");
  EXPECT_EQ(applied({{"requests", 2, std::nullopt, 7}}), "key.requests k/key_1/requests 10/60000 x2\n");
}

TEST_F(VerificationRatelimits, AreOfTwoEntriesWithOneNameTheLast) {
  of_key.add("requests", 10, true);
  EXPECT_EQ(applied({{"requests", 2, 7, 1'000}, {"requests", 5}}), "key.requests k/key_1/requests 10/60000 x5 auto\n");
  EXPECT_EQ(applied({{"requests", 5}, {"requests", 2, 7, 1'000}}), " k/key_1/requests 7/1000 x2\n");
  EXPECT_EQ(applied({{"own"}, {"own", 2, 7, 1'000}, {"requests", 1, 7, 1'000}}),
            " k/key_1/own 7/1000 x2\n k/key_1/requests 7/1000 x1\n");
}

TEST_F(VerificationRatelimits, RefuseANameThatIsStoredNowhere) {
  for (const AskedRatelimit& entry :
       {AskedRatelimit{"absent"}, AskedRatelimit{"absent", 1, 5, {}}, AskedRatelimit{"absent", 1, {}, 1'000}}) {
    const auto result = ratelimits_of(view(), {&entry, 1});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().status, 412);
    EXPECT_EQ(
        result.error().detail,
        "The rate limit 'absent' is not stored with the key 'key_1' nor with its identity 'id_1'. Store it there, "
        "or give `limit` and `duration` with its name.");
  }
  projections::KeyView alone = view();
  alone.identity_id = {};
  const AskedRatelimit entry{"absent"};
  EXPECT_EQ(
      ratelimits_of(alone, {&entry, 1}).error().detail,
      "The rate limit 'absent' is not stored with the key 'key_1'. Store it there, or give `limit` and `duration` "
      "with its name.");
}

TEST_F(VerificationRatelimits, AreShownWithWhatCameOfThem) {
  of_key.add("a \"b\"", 10, true);
  const std::vector<AskedRatelimit> asked = {{"own", 1, 5, 1'000}};
  const std::vector<projections::WindowVerdict> verdicts = {{true, 9, 60'000}, {false, 0, 1'000}};
  std::string json;
  append_ratelimits(json, *ratelimits_of(view(), asked), verdicts);
  EXPECT_EQ(json,
            R"([{"id":"key.a \"b\"","name":"a \"b\"","limit":10,"duration":60000,"autoApply":true,"exceeded":false,)"
            R"("remaining":9,"reset":60000},{"id":"","name":"own","limit":5,"duration":1000,"autoApply":false,)"
            R"("exceeded":true,"remaining":0,"reset":1000}])");
}

TEST_F(VerificationRatelimits, OfAnIdentityAreShownUnlessTheKeyHasOneOfTheSameName) {
  of_key.add("requests", 10, true);
  of_identity.add("pages", 4, true).add("requests", 1, true).add("tokens", 5, false);
  std::string json;
  append_identity_ratelimits(json, view());
  EXPECT_EQ(json, R"(,"ratelimits":[{"id":"id.pages","name":"pages","limit":4,"duration":60000,"autoApply":true},)"
                  R"({"id":"id.tokens","name":"tokens","limit":5,"duration":60000,"autoApply":false}])");
}

TEST_F(VerificationRatelimits, OfAnIdentityAreNotShownWhenNoneAreLeft) {
  of_key.add("requests", 10, true);
  of_identity.add("requests", 1, true);
  std::string json;
  append_identity_ratelimits(json, view());
  EXPECT_EQ(json, "");
}

// The rules once more, by name instead of by list.
RC_GTEST_PROP(VerificationRatelimitsProperty, ApplyAsTheRulesSayOfEachName, ()) {
  const std::vector<std::string> names = {"aaa", "bbb", "ccc", "ddd"};
  Stored of_key("key");
  Stored of_identity("id");
  std::map<std::string, std::pair<std::string, bool>> stored;  // by name: the id, and whether it applies by itself
  for (const std::string& name : names) {
    for (auto* const owner : {&of_identity, &of_key}) {
      if (*rc::gen::arbitrary<bool>()) continue;
      const bool auto_apply = *rc::gen::arbitrary<bool>();
      owner->add(name, 5, auto_apply);
      stored[name] = {(owner == &of_key ? "key." : "id.") + name, auto_apply};
    }
  }
  std::vector<AskedRatelimit> asked;
  std::map<std::string, AskedRatelimit> last;
  for (int left = *rc::gen::inRange(0, 6); left > 0; --left) {
    const std::string& name = names[*rc::gen::inRange<std::size_t>(0, names.size())];
    AskedRatelimit entry{name, *rc::gen::inRange(0, 9)};
    if (*rc::gen::arbitrary<bool>()) entry.limit = 3;
    if (*rc::gen::arbitrary<bool>()) entry.duration_ms = 1'000;
    asked.push_back(entry);
    last[name] = entry;
  }
  std::map<std::string, std::string> want;  // by name: id and cost
  bool is_refused = false;
  for (const std::string& name : names) {
    const bool is_asked = last.contains(name);
    if (is_asked && last[name].is_inline()) {
      want[name] = " x" + std::to_string(last[name].cost);
    } else if (stored.contains(name) && (is_asked || stored[name].second)) {
      want[name] = stored[name].first + " x" + std::to_string(is_asked ? last[name].cost : 1);
    } else {
      is_refused = is_refused || is_asked;
    }
  }
  projections::KeyView key;
  key.key_id = "key_1";
  key.identity_id = "id_1";
  key.ratelimits = of_key.view();
  key.identity_ratelimits = of_identity.view();
  const auto result = ratelimits_of(key, asked);
  RC_ASSERT(result.has_value() != is_refused);
  if (!result) return;
  std::map<std::string, std::string> got;
  for (const AppliedRatelimit& one : *result) got[one.name] = one.id + " x" + std::to_string(one.cost);
  RC_ASSERT(got == want);
  RC_ASSERT(got.size() == result->size());
}

}  // namespace
}  // namespace keyfold::api
