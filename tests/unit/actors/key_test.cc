#include "tests/unit/actors/scenario.h"

namespace keyfold::actors::testing {
namespace {

const std::string kWorkspace = "workspace_created { workspace_id: 'ws_1' name: 'one' }";
const std::string kApi = "api_created { api_id: 'api_1' name: 'payments' keyspace_id: 'ks_1' }";
const std::string kKeyspace = "keyspace_created { keyspace_id: 'ks_1' api_id: 'api_1' }";
const std::string kPermission = "permission_created { permission_id: 'perm_1' name: 'Read' slug: 'docs.read' }";
const std::string kRole = "role_created { role_id: 'role_1' name: 'Reader' permission_ids: 'perm_1' }";
const std::string kIdentity = "identity_created { identity_id: 'id_1' external_id: 'user_1' }";

std::string key_with(const std::string& members) {
  return "key_created { key_id: 'key_1' api_id: 'api_1' keyspace_id: 'ks_1' hash: 'h1' " + members + " }";
}
std::string create_with(const std::string& members) {
  return "create_key { key_id: 'key_1' api_id: 'api_1' hash: 'h1' " + members + " }";
}
std::string update_with(const std::string& members) { return "update_key { key_id: 'key_1' " + members + " }"; }
std::string updated_with(const std::string& members) { return "key_updated { key_id: 'key_1' " + members + " }"; }

Given given_api() { return given({kWorkspace, kApi, kKeyspace}); }
Given given_key(const std::string& members = "enabled: true") {
  return given_api().and_given({kPermission, kRole, kIdentity, key_with(members)});
}

// ---- createKey

TEST(CreateKey, NeedsNothingButAnApi) {
  given_api().when(create_with("enabled: true")).then({key_with("enabled: true")});
}

TEST(CreateKey, StoresEveryMemberAsSent) {
  const std::string members =
      "start: 'sk_abcd' prefix: 'sk' byte_length: 24 name: 'n' meta_json: '{\"a\":null}' expires_at_ms: 5 "
      "enabled: false credits_remaining: 7 refill { interval: MONTHLY amount: 9 refill_day: 31 } "
      "ratelimits { ratelimit_id: 'rl_1' name: 'a' limit: 1 duration_ms: 1000 auto_apply: true }";
  given_api().when(create_with(members)).then({key_with(members)});
}

TEST(CreateKey, IsRefusedWithoutALiveApiOfTheWorkspace) {
  const std::string command = create_with("");
  given({kWorkspace}).when(command).then(RejectionCode::kApiNotFound);
  given_api().and_given({"api_deleted { api_id: 'api_1' }"}).when(command).then(RejectionCode::kApiNotFound);
  given({kWorkspace}).and_given({kApi, kKeyspace}, "ws_2").when(command).then(RejectionCode::kApiNotFound);
}

TEST(CreateKey, IsRefusedWithoutTheWorkspace) {
  given({kApi, kKeyspace}).when(create_with("")).then(RejectionCode::kWorkspaceNotFound);
}

TEST(CreateKey, IsRefusedWithoutAKeyspace) {
  given({kWorkspace, kApi}).when(create_with("")).then(RejectionCode::kKeyspaceMissing);
}

TEST(CreateKey, NeverReusesAnIdOrASecretNotEvenOfADeletedKey) {
  const std::string other_hash = "create_key { key_id: 'key_1' api_id: 'api_1' hash: 'h2' }";
  const std::string other_id = "create_key { key_id: 'key_2' api_id: 'api_1' hash: 'h1' }";
  given_key().when(other_hash).then(RejectionCode::kIdTaken);
  given_key().when(other_id).then(RejectionCode::kIdTaken);
  Given deleted = given_key().and_given({"key_deleted { key_id: 'key_1' }"});
  deleted.when(other_hash).then(RejectionCode::kIdTaken);
  deleted.when(other_id).then(RejectionCode::kIdTaken);
}

TEST(CreateKey, RefusesARefillOfUnlimitedCreditsAndNamesTheMember) {
  given_api()
      .when(create_with("refill { interval: DAILY amount: 1 }"))
      .then(RejectionCode::kInvalidInput, "credits.remaining");
}

TEST(CreateKey, RefusesAMonthlyRefillWithoutItsDay) {
  given_api()
      .when(create_with("credits_remaining: 1 refill { interval: MONTHLY amount: 1 }"))
      .then(RejectionCode::kInvalidInput, "refillDay");
}

TEST(CreateKey, DropsTheDayOfADailyRefill) {
  given_api()
      .when(create_with("credits_remaining: 1 refill { interval: DAILY amount: 1 refill_day: 4 }"))
      .then({key_with("credits_remaining: 1 refill { interval: DAILY amount: 1 }")});
}

TEST(CreateKey, RefusesNegativeCredits) {
  given_api().when(create_with("credits_remaining: -1")).then(RejectionCode::kInvalidInput, "credits.remaining");
}

TEST(CreateKey, CreatesUnknownPermissionsOnceWhateverTheLetterCase) {
  given_api()
      .and_given({kPermission})
      .when(create_with("permissions { name: 'new.one' candidate_id: 'perm_2' } "
                        "permissions { name: 'DOCS.read' candidate_id: 'perm_3' } "
                        "permissions { name: 'New.One' candidate_id: 'perm_4' }"))
      .then({"permission_created { permission_id: 'perm_2' name: 'new.one' slug: 'new.one' }",
             key_with("permission_ids: 'perm_1' permission_ids: 'perm_2'")});
}

TEST(CreateKey, RefusesTakenCandidateIds) {
  given_api()
      .and_given({kPermission})
      .when(create_with("permissions { name: 'x' candidate_id: 'perm_1' }"))
      .then(RejectionCode::kIdTaken);
  given_api()
      .when(create_with("permissions { name: 'x' candidate_id: 'p' } permissions { name: 'y' candidate_id: 'p' }"))
      .then(RejectionCode::kIdTaken);
  given_api()
      .and_given({kIdentity})
      .when(create_with("identity { name: 'other' candidate_id: 'id_1' }"))
      .then(RejectionCode::kIdTaken);
}

TEST(CreateKey, LinksRolesByNameWhateverTheLetterCase) {
  given_api()
      .and_given({kPermission, kRole})
      .when(create_with("roles: 'READER' roles: 'reader'"))
      .then({key_with("role_ids: 'role_1'")});
}

TEST(CreateKey, NamesAnUnknownRoleAndCreatesNothing) {
  given_api()
      .when(create_with("roles: 'ghost' identity { name: 'u' candidate_id: 'id_9' }"))
      .then(RejectionCode::kRoleNotFound, "ghost");
}

TEST(CreateKey, CreatesAnUnknownIdentityAndLinksAKnownOne) {
  given_api()
      .when(create_with("identity { name: 'user_1' candidate_id: 'id_1' }"))
      .then({kIdentity, key_with("identity_id: 'id_1'")});
  given_api()
      .and_given({kIdentity})
      .when(create_with("identity { name: 'user_1' candidate_id: 'id_2' }"))
      .then({key_with("identity_id: 'id_1'")});
}

TEST(CreateKey, SortsRatelimitsAndKeepsTheLastOfAName) {
  given_api()
      .when(create_with("ratelimits { ratelimit_id: 'r1' name: 'b' limit: 1 } "
                        "ratelimits { ratelimit_id: 'r2' name: 'a' limit: 2 } "
                        "ratelimits { ratelimit_id: 'r3' name: 'b' limit: 3 }"))
      .then({key_with("ratelimits { ratelimit_id: 'r2' name: 'a' limit: 2 } "
                      "ratelimits { ratelimit_id: 'r3' name: 'b' limit: 3 }")});
}

// ---- updateKey

TEST(UpdateKey, CountsAsAnUpdateEvenWithoutMembers) { given_key().when(update_with("")).then({updated_with("")}); }

TEST(UpdateKey, SetsAndClearsMembers) {
  const std::string set = "name { value: 'n' } meta_json { value: '{}' } expires_at { value_ms: 9 } enabled: false";
  given_key().when(update_with(set)).then({updated_with(set)});
  const std::string cleared = "name {} meta_json {} expires_at {}";
  given_key().when(update_with(cleared)).then({updated_with(cleared)});
}

TEST(UpdateKey, NeedsALiveKeyOfTheWorkspace) {
  given_api().when(update_with("")).then(RejectionCode::kKeyNotFound);
  given_key().and_given({"key_deleted { key_id: 'key_1' }"}).when(update_with("")).then(RejectionCode::kKeyNotFound);
  given_key().and_given({"api_deleted { api_id: 'api_1' }"}).when(update_with("")).then(RejectionCode::kKeyNotFound);
  given({kWorkspace})
      .and_given({kApi, kKeyspace, key_with("")}, "ws_2")
      .when(update_with(""))
      .then(RejectionCode::kKeyNotFound);
}

TEST(UpdateKey, MakesCreditsUnlimitedAndDropsTheRefillWithThem) {
  given_key("credits_remaining: 5 refill { interval: DAILY amount: 1 }")
      .when(update_with("credits {}"))
      .then({updated_with("credits {} refill {}")});
}

TEST(UpdateKey, KeepsARefillThatIsSentWithUnlimitedCredits) {
  given_key()
      .when(update_with("credits {} refill { value { interval: DAILY amount: 1 } }"))
      .then({updated_with("credits {} refill { value { interval: DAILY amount: 1 } }")});
}

TEST(UpdateKey, SetsCreditsWithoutTouchingTheRefill) {
  given_key("credits_remaining: 5 refill { interval: DAILY amount: 1 }")
      .when(update_with("credits { remaining: 999 }"))
      .then({updated_with("credits { remaining: 999 }")});
}

TEST(UpdateKey, ClearsTheRefillAlone) {
  given_key("credits_remaining: 5 refill { interval: DAILY amount: 1 }")
      .when(update_with("refill {}"))
      .then({updated_with("refill {}")});
}

TEST(UpdateKey, AcceptsARefillForAnUnlimitedKey) {
  const std::string refill = "refill { value { interval: MONTHLY amount: 150 refill_day: 20 } }";
  given_key().when(update_with(refill)).then({updated_with(refill)});
}

TEST(UpdateKey, RefusesRefillDaysThatDoNotFitTheInterval) {
  given_key()
      .when(update_with("refill { value { interval: DAILY amount: 1 refill_day: 2 } }"))
      .then(RejectionCode::kInvalidInput, "refillDay");
  given_key()
      .when(update_with("refill { value { interval: MONTHLY amount: 1 } }"))
      .then(RejectionCode::kInvalidInput, "refillDay");
}

TEST(UpdateKey, RefusesNegativeCredits) {
  given_key().when(update_with("credits { remaining: -1 }")).then(RejectionCode::kInvalidInput, "credits.remaining");
}

TEST(UpdateKey, ReplacesRatelimitsByNameAndKeepsTheIdsOfKeptNames) {
  const std::string before =
      "ratelimits { ratelimit_id: 'r1' name: 'kept' limit: 1 } "
      "ratelimits { ratelimit_id: 'r2' name: 'gone' limit: 2 }";
  given_key(before)
      .when(update_with("ratelimits { items { ratelimit_id: 'c1' name: 'new' limit: 7 } "
                        "items { ratelimit_id: 'c2' name: 'kept' limit: 8 } }"))
      .then({updated_with("ratelimits { items { ratelimit_id: 'r1' name: 'kept' limit: 8 } "
                          "items { ratelimit_id: 'c1' name: 'new' limit: 7 } }")});
  given_key(before).when(update_with("ratelimits {}")).then({updated_with("ratelimits {}")});
}

TEST(UpdateKey, ReplacesPermissionsAndRoles) {
  given_key()
      .when(update_with("permissions { items { name: 'a.b' candidate_id: 'perm_2' } } roles { names: 'reader' }"))
      .then({"permission_created { permission_id: 'perm_2' name: 'a.b' slug: 'a.b' }",
             updated_with("permission_ids { ids: 'perm_2' } role_ids { ids: 'role_1' }")});
  given_key("permission_ids: 'perm_1' role_ids: 'role_1'")
      .when(update_with("permissions {} roles {}"))
      .then({updated_with("permission_ids {} role_ids {}")});
}

TEST(UpdateKey, NamesAnUnknownRole) {
  given_key().when(update_with("roles { names: 'ghost' }")).then(RejectionCode::kRoleNotFound, "ghost");
}

TEST(UpdateKey, LinksAndUnlinksAnIdentity) {
  given_key()
      .when(update_with("link_identity { name: 'user_2' candidate_id: 'id_2' }"))
      .then({"identity_created { identity_id: 'id_2' external_id: 'user_2' }",
             updated_with("identity_id { value: 'id_2' }")});
  given_key()
      .when(update_with("link_identity { name: 'user_1' candidate_id: 'id_2' }"))
      .then({updated_with("identity_id { value: 'id_1' }")});
  given_key("identity_id: 'id_1'").when(update_with("unlink_identity: true")).then({updated_with("identity_id {}")});
}

// ---- deleteKey

TEST(DeleteKey, RemovesTheKeySoftlyOrForGood) {
  given_key("identity_id: 'id_1'").when("delete_key { key_id: 'key_1' }").then({"key_deleted { key_id: 'key_1' }"});
  given_key("identity_id: 'id_1'")
      .when("delete_key { key_id: 'key_1' permanent: true }")
      .then({"key_deleted { key_id: 'key_1' permanent: true }"});
}

TEST(DeleteKey, FindsNoKeyThatIsDeletedAlready) {
  Given deleted = given_key().and_given({"key_deleted { key_id: 'key_1' }"});
  deleted.when("delete_key { key_id: 'key_1' }").then(RejectionCode::kKeyNotFound);
  deleted.when("delete_key { key_id: 'key_1' permanent: true }").then(RejectionCode::kKeyNotFound);
  given_api().when("delete_key { key_id: 'key_1' }").then(RejectionCode::kKeyNotFound);
}

// ---- spendCredits

std::string spend(int cost) { return "spend_credits { key_id: 'key_1' cost: " + std::to_string(cost) + " }"; }

TEST(SpendCredits, TakesTheCostFromTheBalance) {
  given_key("enabled: true credits_remaining: 5")
      .when(spend(5))
      .then({"key_credits_spent { key_id: 'key_1' cost: 5 remaining: 0 }"})
      .with_credits(0);
}

TEST(SpendCredits, RefusesMoreThanThereIsAndTellsTheBalance) {
  given_key("enabled: true credits_remaining: 5").when(spend(6)).then(RejectionCode::kCreditsExceeded).with_credits(5);
}

TEST(SpendCredits, ChangesNothingWhenThereIsNothingToPay) {
  given_key("enabled: true credits_remaining: 0").when(spend(0)).then({}).with_credits(0);
  given_key("enabled: true").when(spend(9)).then({}).with_credits(std::nullopt);
}

TEST(SpendCredits, RefusesANegativeCost) {
  given_key("enabled: true credits_remaining: 5").when(spend(-1)).then(RejectionCode::kInvalidInput);
}

TEST(SpendCredits, IsRefusedOnceTheKeyCanNotBeUsed) {
  given_key("enabled: false credits_remaining: 5").when(spend(1)).then(RejectionCode::kKeyDisabled);
  given_key("enabled: true credits_remaining: 5")
      .and_given({"key_deleted { key_id: 'key_1' }"})
      .when(spend(1))
      .then(RejectionCode::kKeyNotFound);
  const auto expiring = [](std::int64_t at_ms) {
    return given_key("enabled: true credits_remaining: 5 expires_at_ms: " + std::to_string(at_ms));
  };
  expiring(kNow - 1).when(spend(1)).then(RejectionCode::kKeyExpired);
  expiring(kNow).when(spend(1)).then({"key_credits_spent { key_id: 'key_1' cost: 1 remaining: 4 }"});
}

}  // namespace
}  // namespace keyfold::actors::testing
