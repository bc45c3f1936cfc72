// Migrations, the keys that come by them, and the proof of a key's whole secret.
#include <gtest/gtest.h>

#include "tests/unit/actors/scenario.h"

namespace keyfold::actors::testing {
namespace {

const std::string kWorkspace = "workspace_created { workspace_id: 'ws_1' name: 'one' }";
const std::string kApi = "api_created { api_id: 'api_1' name: 'payments' keyspace_id: 'ks_1' }";
const std::string kKeyspace = "keyspace_created { keyspace_id: 'ks_1' api_id: 'api_1' }";
const std::string kNative = "migration_created { migration_id: 'mig_1' name: 'old' algorithm: SHA256 }";
const std::string kPrefixed = "migration_created { migration_id: 'mig_1' name: 'old' algorithm: PREFIXED_API_KEY }";

Given given_migration(const std::string& migration = kPrefixed) {
  return given({kWorkspace, kApi, kKeyspace, migration});
}

std::string key(const std::string& id, const std::string& hash, const std::string& more = "") {
  return "keys { key { key_id: '" + id + "' hash: '" + hash + "' enabled: true } " + more + " } ";
}
std::string migrate(const std::string& keys) {
  return "migrate_keys { migration_id: 'mig_1' api_id: 'api_1' " + keys + " }";
}
std::string created(const std::string& id, const std::string& hash, const std::string& more = "") {
  return "key_created { key_id: '" + id + "' api_id: 'api_1' keyspace_id: 'ks_1' hash: '" + hash + "' enabled: true " +
         more + " }";
}
const std::string kPending = "pending_migration_id: 'mig_1'";

TEST(CreateMigration, KeepsNameAndAlgorithm) {
  given({kWorkspace})
      .when("create_migration { migration_id: 'mig_1' name: 'old' algorithm: PREFIXED_API_KEY }")
      .then({kPrefixed});
  given({kWorkspace, kNative})
      .when("create_migration { migration_id: 'mig_1' name: 'x' algorithm: SHA256 }")
      .then(RejectionCode::kIdTaken);
  given({kWorkspace}).when("create_migration { migration_id: 'mig_1' name: 'x' }").then(RejectionCode::kInvalidInput);
}

TEST(MigrateKeys, LetsKeysOfOurOwnFormWorkAtOnce) {
  given_migration(kNative)
      .when(migrate(key("key_1", "h1")))
      .then({created("key_1", "h1")})
      .with_data(R"({"migrated":[{"hash":"aDE=","keyId":"key_1"}],"failed":[]})");
}

TEST(MigrateKeys, LetsKeysOfAnotherFormWaitForTheirProof) {
  given_migration()
      .when(migrate(key("key_1", "h1")))
      .then({created("key_1", "h1", kPending)})
      .with_data(R"({"migrated":[{"hash":"6831","keyId":"key_1"}],"failed":[]})");
}

TEST(MigrateKeys, MakesWhatIsMissingOnceForAllOfThem) {
  const std::string first =
      "keys { key { key_id: 'key_1' hash: 'h1' enabled: true identity { name: 'ann' candidate_id: "
      "'id_1' } permissions { name: 'p' candidate_id: 'perm_1' } } roles { name: 'Editor' "
      "candidate_id: 'role_1' } } ";
  const std::string second =
      "keys { key { key_id: 'key_2' hash: 'h2' enabled: true identity { name: 'ann' candidate_id: "
      "'id_2' } permissions { name: 'P' candidate_id: 'perm_2' } } roles { name: 'editor' "
      "candidate_id: 'role_2' } } ";
  const std::string links = "identity_id: 'id_1' permission_ids: 'perm_1' role_ids: 'role_1' " + kPending;
  given_migration()
      .when(migrate(first + second))
      .then({"role_created { role_id: 'role_1' name: 'Editor' }",
             "identity_created { identity_id: 'id_1' external_id: 'ann' }",
             "permission_created { permission_id: 'perm_1' name: 'p' slug: 'p' }", created("key_1", "h1", links),
             created("key_2", "h2", links)});
}

TEST(MigrateKeys, LeavesOutHashesThatAreTakenAndMigratesTheOthers) {
  const std::string both = key("key_2", "h1") + key("key_3", "h3");
  const std::string answer = R"({"migrated":[{"hash":"6833","keyId":"key_3"}],"failed":["6831"]})";
  const std::vector<std::string> third = {created("key_3", "h3", kPending)};
  given_migration()
      .and_given({created("key_1", "h1", kPending)})
      .when(migrate(both))
      .then({third[0]})
      .with_data(answer);
  given_migration()
      .and_given({created("key_1", "h1", kPending), "key_deleted { key_id: 'key_1' }"})
      .when(migrate(both))
      .then({third[0]})
      .with_data(answer);
  given_migration()
      .and_given({created("key_1", "h1", kPending),
                  "key_migration_completed { key_id: 'key_1' migration_id: 'mig_1' hash: 'whole' start: 're_ab' }"})
      .when(migrate(both))
      .then({third[0]})
      .with_data(answer);
  given_migration()
      .and_given({kWorkspace, created("key_1", "h1", kPending)}, "ws_2")
      .when(migrate(both))
      .then({third[0]})
      .with_data(answer);
  given_migration()
      .when(migrate("keys { key { key_id: 'key_2' hash: 'h1' } taken_elsewhere: true } " + key("key_3", "h3")))
      .then({third[0]})
      .with_data(answer);
}

TEST(MigrateKeys, MakesNothingOfABatchThatIsSentAgain) {
  given_migration(kNative)
      .and_given({created("key_1", "h1")})
      .when(migrate("keys { key { key_id: 'key_2' hash: 'h1' identity { name: 'x' candidate_id: 'id_1' } } }"))
      .then({})
      .with_data(R"({"migrated":[],"failed":["aDE="]})");
}

TEST(MigrateKeys, TakesTheLastOfSeveralKeysWithOneHash) {
  given_migration()
      .when(migrate(key("key_1", "h1") + key("key_2", "h2") + key("key_3", "h1")))
      .then({created("key_2", "h2", kPending), created("key_3", "h1", kPending)});
}

TEST(MigrateKeys, RefusesAllWhenOneBreaksARuleAndNamesIt) {
  const std::string broken = "keys { key { key_id: 'key_2' hash: 'h2' refill { interval: DAILY amount: 1 } } } ";
  given_migration().when(migrate(key("key_1", "h1") + broken)).then(RejectionCode::kInvalidInput, "keys[1]");
}

TEST(MigrateKeys, NeedsALiveApiAndAMigrationOfTheWorkspace) {
  const std::string one = migrate(key("key_1", "h1"));
  given({kWorkspace, kPrefixed}).when(one).then(RejectionCode::kApiNotFound);
  given_migration().and_given({"api_deleted { api_id: 'api_1' }"}).when(one).then(RejectionCode::kApiNotFound);
  given({kWorkspace, kApi, kPrefixed}).when(one).then(RejectionCode::kKeyspaceMissing);
  given({kWorkspace, kApi, kKeyspace}).when(one).then(RejectionCode::kMigrationNotFound);
  given({kWorkspace, kApi, kKeyspace})
      .and_given({kWorkspace, kPrefixed}, "ws_2")
      .when(one)
      .then(RejectionCode::kMigrationNotFound);
}

TEST(MigrateKeys, AsksForNewIdsWhenTheyAreTaken) {
  given_migration()
      .and_given({created("key_1", "h9", kPending)})
      .when(migrate(key("key_1", "h1")))
      .then(RejectionCode::kIdTaken);
  given_migration().when(migrate(key("key_1", "h1") + key("key_1", "h2"))).then(RejectionCode::kIdTaken);
}

const std::string kComplete =
    "complete_migration { key_id: 'key_1' migration_id: 'mig_1' hash: 'whole' start: 're_ab' }";
const std::string kCompleted =
    "key_migration_completed { key_id: 'key_1' migration_id: 'mig_1' hash: 'whole' start: 're_ab' }";

Given given_pending() { return given_migration().and_given({created("key_1", "h1", kPending)}); }

TEST(CompleteMigration, MakesTheKeyOursOnce) {
  given_pending().when(kComplete).then({kCompleted});
  given_pending().and_given({kCompleted}).when(kComplete).then({});
}

TEST(CompleteMigration, TakesOneProofOnly) {
  given_pending()
      .and_given({kCompleted})
      .when("complete_migration { key_id: 'key_1' migration_id: 'mig_1' hash: 'other' start: 'x' }")
      .then(RejectionCode::kKeyNotFound);
}

TEST(CompleteMigration, NeedsALiveKeyThatWaitsForThisMigration) {
  given_migration().when(kComplete).then(RejectionCode::kKeyNotFound);
  given_pending().and_given({"key_deleted { key_id: 'key_1' }"}).when(kComplete).then(RejectionCode::kKeyNotFound);
  given_pending()
      .when("complete_migration { key_id: 'key_1' migration_id: 'mig_2' hash: 'whole' start: 'x' }")
      .then(RejectionCode::kKeyNotFound);
  given_migration()
      .and_given({created("key_1", "h1")})
      .when("complete_migration { key_id: 'key_1' hash: 'whole' start: 'x' }")
      .then(RejectionCode::kKeyNotFound);
}

TEST(CompleteMigration, NeverTakesAnotherKeysHash) {
  given_pending().and_given({created("key_2", "whole")}).when(kComplete).then(RejectionCode::kKeyNotFound);
  given_pending()
      .and_given({created("key_2", "whole"), "key_deleted { key_id: 'key_2' }"})
      .when(kComplete)
      .then(RejectionCode::kKeyNotFound);
}

}  // namespace
}  // namespace keyfold::actors::testing
