#include <rapidcheck.h>

#include <map>
#include <set>

#include "projections/identity.h"
#include "projections/key.h"
#include "tests/unit/actors/scenario.h"

namespace keyfold::actors::testing {
namespace {

const std::string kWorkspace = "workspace_created { workspace_id: 'ws_1' name: 'one' }";
const std::string kRequests = "{ ratelimit_id: 'rl_1' name: 'requests' limit: 5 duration_ms: 1000 auto_apply: true }";
const std::string kTokens = "{ ratelimit_id: 'rl_2' name: 'tokens' limit: 9 duration_ms: 60000 }";
const std::string kIdentity =
    "identity_created { identity_id: 'id_1' external_id: 'ann' meta_json: '{\"plan\":\"pro\"}' ratelimits " +
    kRequests + " ratelimits " + kTokens + " }";
const std::string kDeleted = "identity_deleted { identity_id: 'id_1' }";

std::string update(const std::string& members) { return "update_identity { identity_id: 'id_1' " + members + " }"; }
std::string updated(const std::string& members) { return "identity_updated { identity_id: 'id_1' " + members + " }"; }

TEST(CreateIdentity, KeepsWhatItIsGivenWithRateLimitsInOrder) {
  given({kWorkspace})
      .when("create_identity { identity_id: 'id_1' external_id: 'ann' meta_json: '{\"plan\":\"pro\"}' ratelimits " +
            kTokens + " ratelimits " + kRequests + " }")
      .then({kIdentity});
  given({kWorkspace})
      .when("create_identity { identity_id: 'id_1' external_id: 'ann' }")
      .then({"identity_created { identity_id: 'id_1' external_id: 'ann' }"});
}

TEST(CreateIdentity, RefusesAnExternalIdThatIsTakenInItsWorkspace) {
  const std::string again = "create_identity { identity_id: 'id_2' external_id: 'ann' }";
  given({kWorkspace, kIdentity}).when(again).then(RejectionCode::kIdentityExists, "'ann'");
  given({kWorkspace, kIdentity})
      .when("create_identity { identity_id: 'id_2' external_id: 'Ann' }")
      .then({"identity_created { identity_id: 'id_2' external_id: 'Ann' }"});
  given({kWorkspace})
      .and_given({kIdentity}, "ws_2")
      .when(again)
      .then({"identity_created { identity_id: 'id_2' external_id: 'ann' }"});
}

TEST(CreateIdentity, NeverUsesAnIdAgain) {
  given({kWorkspace, kIdentity})
      .when("create_identity { identity_id: 'id_1' external_id: 'bob' }")
      .then(RejectionCode::kIdTaken);
  Given gone = given({kWorkspace, kIdentity, kDeleted});
  gone.when("create_identity { identity_id: 'id_1' external_id: 'ann' }").then(RejectionCode::kIdTaken);
  gone.and_given({"api_created { api_id: 'api_1' keyspace_id: 'ks_1' }",
                  "keyspace_created { keyspace_id: 'ks_1' api_id: 'api_1' }"})
      .when("create_key { key_id: 'key_1' api_id: 'api_1' hash: 'h' identity { name: 'ann' candidate_id: 'id_1' } }")
      .then(RejectionCode::kIdTaken);
}

TEST(UpdateIdentity, HoldsOnlyWhatChangedAndAnswersAll) {
  given({kWorkspace, kIdentity})
      .when(update("meta_json { value: '{\"plan\":\"free\"}' }"))
      .then({updated("meta_json { value: '{\"plan\":\"free\"}' }")})
      .with_data(R"({"id":"id_1","externalId":"ann","meta":{"plan":"free"},"ratelimits":[)"
                 R"({"id":"rl_1","name":"requests","limit":5,"duration":1000,"autoApply":true},)"
                 R"({"id":"rl_2","name":"tokens","limit":9,"duration":60000,"autoApply":false}]})");
}

TEST(UpdateIdentity, ReplacesRateLimitsByNameAndKeepsTheIdOfANameThatStays) {
  given({kWorkspace, kIdentity})
      .when(update("ratelimits { items { ratelimit_id: 'rl_8' name: 'tokens' limit: 7 duration_ms: 2000 } "
                   "items { ratelimit_id: 'rl_9' name: 'images' limit: 1 duration_ms: 1000 } }"))
      .then({updated("ratelimits { items { ratelimit_id: 'rl_9' name: 'images' limit: 1 duration_ms: 1000 } "
                     "items { ratelimit_id: 'rl_2' name: 'tokens' limit: 7 duration_ms: 2000 } }")});
}

TEST(UpdateIdentity, ClearsWhatIsGivenEmpty) {
  given({kWorkspace, kIdentity})
      .when(update("meta_json {} ratelimits {}"))
      .then({updated("meta_json {} ratelimits {}")})
      .with_data(R"({"id":"id_1","externalId":"ann"})");
}

TEST(UpdateIdentity, ThatChangesNothingIsNoEvent) {
  const std::string answer = R"({"id":"id_1","externalId":"ann","meta":{"plan":"pro"},"ratelimits":[)"
                             R"({"id":"rl_1","name":"requests","limit":5,"duration":1000,"autoApply":true},)"
                             R"({"id":"rl_2","name":"tokens","limit":9,"duration":60000,"autoApply":false}]})";
  Given known = given({kWorkspace, kIdentity});
  known.when(update("")).then({}).with_data(answer);
  known.when(update("meta_json { value: '{\"plan\":\"pro\"}' }")).then({}).with_data(answer);
  known
      .when(update("ratelimits { items { ratelimit_id: 'rl_9' name: 'tokens' limit: 9 duration_ms: 60000 } "
                   "items { ratelimit_id: 'rl_8' name: 'requests' limit: 5 duration_ms: 1000 auto_apply: true } }"))
      .then({})
      .with_data(answer);
}

TEST(UpdateIdentity, AndDeletionNeedALiveOneOfTheWorkspace) {
  for (const std::string& command : {update("meta_json {}"), std::string("delete_identity { identity_id: 'id_1' }")}) {
    given({kWorkspace}).when(command).then(RejectionCode::kIdentityNotFound);
    given({kWorkspace, kIdentity, kDeleted}).when(command).then(RejectionCode::kIdentityNotFound);
    given({kWorkspace}).and_given({kIdentity}, "ws_2").when(command).then(RejectionCode::kIdentityNotFound);
  }
}

TEST(DeleteIdentity, FreesItsExternalIdForAnotherOneEachTime) {
  Given history = given({kWorkspace});
  for (int round = 1; round <= 3; ++round) {
    const std::string id = "'id_" + std::to_string(round) + "'";
    const std::string created = "identity_created { identity_id: " + id + " external_id: 'ann' }";
    history.when("create_identity { identity_id: " + id + " external_id: 'ann' }").then({created});
    history.and_given({created});
    const std::string deleted = "identity_deleted { identity_id: " + id + " }";
    history.when("delete_identity { identity_id: " + id + " }").then({deleted});
    history.and_given({deleted});
  }
}

TEST(DeleteIdentity, LeavesItsKeysToNobodyWhoComesLater) {
  Given history =
      given({kWorkspace, "api_created { api_id: 'api_1' keyspace_id: 'ks_1' }",
             "keyspace_created { keyspace_id: 'ks_1' api_id: 'api_1' }", kIdentity,
             "key_created { key_id: 'key_1' api_id: 'api_1' keyspace_id: 'ks_1' hash: 'h1' identity_id: 'id_1' }"});
  history.when("delete_identity { identity_id: 'id_1' }").then({kDeleted});
  history.and_given({kDeleted});
  history.when("update_key { key_id: 'key_1' link_identity { name: 'ann' candidate_id: 'id_2' } }")
      .then({"identity_created { identity_id: 'id_2' external_id: 'ann' }",
             "key_updated { key_id: 'key_1' identity_id { value: 'id_2' } }"});
  history.and_given({"identity_created { identity_id: 'id_3' external_id: 'ann' }"});
  EXPECT_EQ(projections::find_identity_id_by_external_id(history.rows(), "ws_1", "ann"), "id_3");
  EXPECT_FALSE(
      projections::find_identity(history.rows(), projections::find_key(history.rows(), "key_1")->identity_id()));
}

/// Decides and folds; whether it was accepted.
bool run(MemoryRows& rows, const v1::Command& command) {
  const Decided decided = decide(command, kNow, rows);
  if (!decided) return false;
  for (const PlannedEvent& planned : decided->events) {
    events::Event event;
    event.header.set_workspace_id(command.workspace_id());
    event.payload = planned.payload;
    rows.fold(event);
  }
  return true;
}

TEST(Identities, HaveOneLiveHolderOfEachExternalIdWhateverTheOrder) {
  EXPECT_TRUE(rc::check([] {
    MemoryRows rows = given({kWorkspace}).rows();
    std::map<std::string, std::string> id_by_name;
    const int steps = *rc::gen::inRange(1, 60);
    for (int step = 0; step < steps; ++step) {
      const std::string name = "user" + std::to_string(*rc::gen::inRange(0, 4));
      const std::string id = "id_" + std::to_string(step);
      const bool is_there = id_by_name.contains(name);
      if (*rc::gen::arbitrary<bool>()) {
        RC_ASSERT(run(rows, parse_command("create_identity { identity_id: '" + id + "' external_id: '" + name +
                                          "' }")) != is_there);
        id_by_name.try_emplace(name, id);
      } else if (is_there) {
        RC_ASSERT(run(rows, parse_command("delete_identity { identity_id: '" + id_by_name[name] + "' }")));
        id_by_name.erase(name);
      }
      for (const std::string other : {"user0", "user1", "user2", "user3"}) {
        const auto found = projections::find_identity_id_by_external_id(rows, "ws_1", other);
        RC_ASSERT(found.has_value() == id_by_name.contains(other));
        if (found) RC_ASSERT(*found == id_by_name[other]);
      }
    }
    expect_sound(rows);
    RC_ASSERT(!::testing::Test::HasFailure());
  }));
}

}  // namespace
}  // namespace keyfold::actors::testing
