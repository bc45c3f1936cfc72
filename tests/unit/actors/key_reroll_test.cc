// A new key in the place of an old one.
#include <gtest/gtest.h>

#include "tests/unit/actors/scenario.h"

namespace keyfold::actors::testing {
namespace {

const std::string kWorkspace = "workspace_created { workspace_id: 'ws_1' name: 'one' }";
const std::string kApi = "api_created { api_id: 'api_1' name: 'payments' keyspace_id: 'ks_1' }";
const std::string kKeyspace = "keyspace_created { keyspace_id: 'ks_1' api_id: 'api_1' store_encrypted_keys: true }";
const std::string kIdentity = "identity_created { identity_id: 'id_1' external_id: 'ann' }";
const std::string kPermission = "permission_created { permission_id: 'perm_1' name: 'a' slug: 'a' }";
const std::string kRole = "role_created { role_id: 'role_1' name: 'editor' }";
const std::string kPlain =
    "key_created { key_id: 'key_1' api_id: 'api_1' keyspace_id: 'ks_1' hash: 'h1' start: 'a_b_1234' prefix: 'a_b' "
    "byte_length: 24 enabled: true }";

/// What the old key and the new one have in common.
const std::string kMembers =
    "name: 'n' identity_id: 'id_1' meta_json: '{\"a\":1}' expires_at_ms: 1800000000000 credits_remaining: 5 "
    "refill { interval: DAILY amount: 9 } permission_ids: 'perm_1' role_ids: 'role_1' ";

std::string reroll(std::int64_t expires_at_ms, const std::string& more = "") {
  return "reroll_key { key_id: 'key_1' new_key_id: 'key_2' hash: 'h2' start: 'a_b_5678' prefix: 'a_b' byte_length: 24 "
         "expires_at_ms: " +
         std::to_string(expires_at_ms) + " " + more + " }";
}

std::string rerolled(std::int64_t expires_at_ms) {
  return "key_rerolled { key_id: 'key_1' new_key_id: 'key_2' expires_at_ms: " + std::to_string(expires_at_ms) + " }";
}

const std::string kPlainAgain =
    "key_created { key_id: 'key_2' api_id: 'api_1' keyspace_id: 'ks_1' hash: 'h2' start: 'a_b_5678' prefix: 'a_b' "
    "byte_length: 24 enabled: true rerolled_from: 'key_1' }";

Given given_key(const std::string& key = kPlain) { return given({kWorkspace, kApi, kKeyspace, key}); }

TEST(RerollKey, CopiesEverythingButIdSecretAndTheIdsOfRateLimits) {
  const std::string old_key =
      "key_created { key_id: 'key_1' api_id: 'api_1' keyspace_id: 'ks_1' hash: 'h1' start: 'a_b_1234' prefix: 'a_b' "
      "byte_length: 24 enabled: false sealed_secret: 's1' " +
      kMembers +
      "ratelimits { ratelimit_id: 'rl_1' name: 'x' limit: 1 duration_ms: 1000 auto_apply: true } "
      "ratelimits { ratelimit_id: 'rl_2' name: 'y' limit: 2 duration_ms: 2000 } }";
  const std::string new_key =
      "key_created { key_id: 'key_2' api_id: 'api_1' keyspace_id: 'ks_1' hash: 'h2' start: 'a_b_5678' prefix: 'a_b' "
      "byte_length: 24 sealed_secret: 's2' rerolled_from: 'key_1' enabled: false " +
      kMembers +
      "ratelimits { ratelimit_id: 'rl_3' name: 'x' limit: 1 duration_ms: 1000 auto_apply: true } "
      "ratelimits { ratelimit_id: 'rl_4' name: 'y' limit: 2 duration_ms: 2000 } }";
  given({kWorkspace, kApi, kKeyspace, kIdentity, kPermission, kRole, old_key})
      .when(reroll(kNow + 5, "ratelimit_ids: 'rl_3' ratelimit_ids: 'rl_4' ratelimit_ids: 'rl_5' sealed_secret: 's2'"))
      .then({new_key, rerolled(kNow + 5)});
}

TEST(RerollKey, LetsTheOldKeyExpireAtTheEarlierOfBothTimes) {
  given_key().when(reroll(kNow - 1)).then({kPlainAgain, rerolled(kNow - 1)});
  const std::string expiring = "key_updated { key_id: 'key_1' expires_at { value_ms: 1700000000500 } }";
  std::string inherits = kPlainAgain;
  inherits.insert(inherits.size() - 1, "expires_at_ms: 1700000000500 ");
  given_key().and_given({expiring}).when(reroll(kNow + 499)).then({inherits, rerolled(kNow + 499)});
  given_key().and_given({expiring}).when(reroll(kNow + 501)).then({inherits, rerolled(kNow + 500)});
}

TEST(RerollKey, CopiesTheCreditsAsTheyAreByThen) {
  std::string again = kPlainAgain;
  again.insert(again.size() - 1, "credits_remaining: 3 ");
  given_key()
      .and_given({"key_updated { key_id: 'key_1' credits { remaining: 4 } }",
                  "key_credits_spent { key_id: 'key_1' cost: 1 remaining: 3 }"})
      .when(reroll(kNow))
      .then({again, rerolled(kNow)});
}

TEST(RerollKey, NeedsALiveKeyOfTheWorkspace) {
  given({kWorkspace, kApi, kKeyspace}).when(reroll(kNow)).then(RejectionCode::kKeyNotFound);
  given_key().and_given({"key_deleted { key_id: 'key_1' }"}).when(reroll(kNow)).then(RejectionCode::kKeyNotFound);
  given_key().and_given({"api_deleted { api_id: 'api_1' }"}).when(reroll(kNow)).then(RejectionCode::kKeyNotFound);
  given({kWorkspace})
      .and_given({kWorkspace, kApi, kKeyspace, kPlain}, "ws_2")
      .when(reroll(kNow))
      .then(RejectionCode::kKeyNotFound);
}

TEST(RerollKey, AsksForNewIdsWhenTheyAreTakenOrTooFew) {
  const std::string other = "key_created { key_id: 'key_2' api_id: 'api_1' keyspace_id: 'ks_1' hash: 'h3' }";
  const std::string same = "key_created { key_id: 'key_3' api_id: 'api_1' keyspace_id: 'ks_1' hash: 'h2' }";
  const std::string limited =
      "key_updated { key_id: 'key_1' ratelimits { items { ratelimit_id: 'rl_1' name: 'x' limit: 1 duration_ms: 1000 } "
      "} "
      "}";
  given_key().and_given({other}).when(reroll(kNow)).then(RejectionCode::kIdTaken);
  given_key().and_given({same}).when(reroll(kNow)).then(RejectionCode::kIdTaken);
  given_key().and_given({limited}).when(reroll(kNow)).then(RejectionCode::kIdTaken);
}

TEST(RerollKey, KeepsARecoverableKeyRecoverableOrRefuses) {
  std::string old_key = kPlain;
  old_key.insert(old_key.size() - 1, "sealed_secret: 's1' ");
  given_key(old_key).when(reroll(kNow)).then(RejectionCode::kInvalidInput);
  given_key(old_key)
      .and_given({"keyspace_updated { keyspace_id: 'ks_1' api_id: 'api_1' store_encrypted_keys: false }"})
      .when(reroll(kNow, "sealed_secret: 's2'"))
      .then(RejectionCode::kKeysNotRecoverable);
}

TEST(RerollKey, MakesNoKeyRecoverableThatWasNot) {
  given_key().when(reroll(kNow, "sealed_secret: 's2'")).then({kPlainAgain, rerolled(kNow)});
}

}  // namespace
}  // namespace keyfold::actors::testing
