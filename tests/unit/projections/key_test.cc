#include "projections/key.h"

#include "tests/unit/projections/projector_fixture.h"

namespace keyfold::projections::testing {
namespace {

class KeyProjector : public ProjectorTest {
 protected:
  /// A key with every member set.
  void given_full_key() {
    given(R"(key_created { key_id: 'key_1' api_id: 'api_1' keyspace_id: 'ks_1' hash: 'HASH' start: 'pk_ab' prefix: 'pk'
             byte_length: 16 name: 'n' identity_id: 'id_1' meta_json: '{"a":1}' expires_at_ms: 9 enabled: true
             credits_remaining: 10 refill { interval: MONTHLY amount: 3 refill_day: 31 }
             ratelimits { ratelimit_id: 'rl_1' name: 'requests' limit: 5 duration_ms: 1000 auto_apply: true }
             permission_ids: 'perm_1' role_ids: 'role_1' })");
  }
  static constexpr const char* kFullRow =
      R"(key_id: 'key_1' workspace_id: 'ws_1' api_id: 'api_1' keyspace_id: 'ks_1' hash: 'HASH' start: 'pk_ab'
         prefix: 'pk' byte_length: 16 name: 'n' identity_id: 'id_1' meta_json: '{"a":1}' expires_at_ms: 9 enabled: true
         credits_remaining: 10 refill { interval: MONTHLY amount: 3 refill_day: 31 }
         ratelimits { ratelimit_id: 'rl_1' name: 'requests' limit: 5 duration_ms: 1000 auto_apply: true }
         permission_ids: 'perm_1' role_ids: 'role_1' created_at_ms: 1700000000000)";

  [[nodiscard]] rows::KeyRow row() const { return find_key(rows_, "key_1").value(); }
  [[nodiscard]] Keys row_keys() const { return keys(Table::kKeys); }
};

TEST_F(KeyProjector, KeepsEveryMemberOfACreatedKey) {
  given_full_key();
  expect_row(find_key(rows_, "key_1"), kFullRow);
  EXPECT_EQ(find_key_id_by_hash(rows_, "HASH"), "key_1");
  EXPECT_EQ(row_keys(), (Keys{"a/ks_1/key_1", "h/HASH", "i/id_1/key_1", "k/key_1", "r/ws_1/key_1"}));
}

TEST_F(KeyProjector, KeepsAbsentMembersAbsent) {
  given("key_created { key_id: 'key_1' keyspace_id: 'ks_1' hash: 'HASH' }");
  EXPECT_FALSE(row().has_expires_at_ms());
  EXPECT_FALSE(row().has_credits_remaining());
  EXPECT_FALSE(row().has_refill());
  EXPECT_EQ(row_keys(), (Keys{"a/ks_1/key_1", "h/HASH", "k/key_1"}));
}

TEST_F(KeyProjector, AnUpdateWithoutMembersChangesOnlyItsMoment) {
  given_full_key();
  given("key_updated { key_id: 'key_1' }", kNowMs + 1);
  expect_row(find_key(rows_, "key_1"), std::string(kFullRow) + " updated_at_ms: 1700000000001");
}

TEST_F(KeyProjector, AnUpdateReplacesTheMembersThatItNames) {
  given_full_key();
  given(R"(key_updated { key_id: 'key_1' name { value: 'm' } meta_json { value: '{}' } expires_at { value_ms: 0 }
           enabled: false credits { remaining: 0 } refill { value { interval: DAILY amount: 1 } }
           ratelimits { items { ratelimit_id: 'rl_2' name: 'tokens' } items { ratelimit_id: 'rl_3' name: 'x' } }
           permission_ids { ids: ['perm_2', 'perm_3'] } role_ids { ids: 'role_2' } })",
        kNowMs + 1);
  expect_row(find_key(rows_, "key_1"),
             R"(key_id: 'key_1' workspace_id: 'ws_1' api_id: 'api_1' keyspace_id: 'ks_1' hash: 'HASH' start: 'pk_ab'
                prefix: 'pk' byte_length: 16 name: 'm' identity_id: 'id_1' meta_json: '{}' expires_at_ms: 0
                enabled: false credits_remaining: 0 refill { interval: DAILY amount: 1 }
                ratelimits { ratelimit_id: 'rl_2' name: 'tokens' } ratelimits { ratelimit_id: 'rl_3' name: 'x' }
                permission_ids: ['perm_2', 'perm_3'] role_ids: 'role_2' created_at_ms: 1700000000000
                updated_at_ms: 1700000000001)");
}

TEST_F(KeyProjector, AnUpdateClearsTheMembersThatItNamesWithoutAValue) {
  given_full_key();
  given(R"(key_updated { key_id: 'key_1' name {} identity_id {} meta_json {} expires_at {} credits {} refill {}
                         ratelimits {} permission_ids {} role_ids {} })");
  expect_row(find_key(rows_, "key_1"),
             R"(key_id: 'key_1' workspace_id: 'ws_1' api_id: 'api_1' keyspace_id: 'ks_1' hash: 'HASH' start: 'pk_ab'
                prefix: 'pk' byte_length: 16 enabled: true created_at_ms: 1700000000000
                updated_at_ms: 1700000000000)");
}

TEST_F(KeyProjector, PermissionsAndRolesComeAndGoOneByOne) {
  given_full_key();
  given("key_permissions_changed { key_id: 'key_1' connected_ids: ['perm_3', 'perm_2'] }", kNowMs + 1);
  EXPECT_EQ(row().updated_at_ms(), kNowMs + 1);
  given("key_permissions_changed { key_id: 'key_1' connected_ids: 'perm_4' disconnected_ids: ['perm_1', 'perm_2'] }");
  given("key_roles_changed { key_id: 'key_1' connected_ids: 'role_2' disconnected_ids: 'role_1' }", kNowMs + 2);
  EXPECT_EQ(row().updated_at_ms(), kNowMs + 2);
  const rows::KeyRow changed = row();
  EXPECT_EQ(std::vector(changed.permission_ids().begin(), changed.permission_ids().end()),
            (std::vector<std::string>{"perm_3", "perm_4"}));
  EXPECT_EQ(std::vector(changed.role_ids().begin(), changed.role_ids().end()), std::vector<std::string>{"role_2"});
}

TEST_F(KeyProjector, AKeyIsListedUnderItsNewIdentityOnly) {
  given_full_key();
  given("key_updated { key_id: 'key_1' identity_id { value: 'id_2' } }");
  EXPECT_EQ(row().identity_id(), "id_2");
  EXPECT_EQ(row_keys(), (Keys{"a/ks_1/key_1", "h/HASH", "i/id_2/key_1", "k/key_1", "r/ws_1/key_1"}));
  given("key_updated { key_id: 'key_1' identity_id {} }");
  EXPECT_EQ(row_keys(), (Keys{"a/ks_1/key_1", "h/HASH", "k/key_1", "r/ws_1/key_1"}));
  given("key_updated { key_id: 'key_1' identity_id { value: 'id_1' } }");
  EXPECT_EQ(row_keys(), (Keys{"a/ks_1/key_1", "h/HASH", "i/id_1/key_1", "k/key_1", "r/ws_1/key_1"}));
}

TEST_F(KeyProjector, ASoftDeletedKeyKeepsItsRowAndHashButIsListedNowhere) {
  given_full_key();
  given("key_deleted { key_id: 'key_1' }", kNowMs + 3);
  expect_row(find_key(rows_, "key_1"), std::string(kFullRow) + " deleted_at_ms: 1700000000003");
  EXPECT_EQ(row_keys(), (Keys{"h/HASH", "k/key_1"}));
}

TEST_F(KeyProjector, APermanentlyDeletedKeyLeavesNoRow) {
  given_full_key();
  given("key_deleted { key_id: 'key_1' permanent: true }");
  EXPECT_EQ(row_keys(), Keys{});
}

TEST_F(KeyProjector, SpendingCreditsSetsTheBalanceAndIsNoUpdate) {
  given_full_key();
  given("key_credits_spent { key_id: 'key_1' cost: 4 remaining: 6 }", kNowMs + 1);
  EXPECT_EQ(row().credits_remaining(), 6);
  EXPECT_EQ(row().updated_at_ms(), 0);
  given("key_credits_spent { key_id: 'key_1' cost: 6 remaining: 0 }", kNowMs + 2);
  EXPECT_TRUE(row().has_credits_remaining());
  EXPECT_EQ(row().credits_remaining(), 0);
}

TEST_F(KeyProjector, ARerolledKeyExpiresWhenTheEventSays) {
  given_full_key();
  given("key_rerolled { key_id: 'key_1' new_key_id: 'key_2' expires_at_ms: 7 }", kNowMs + 1);
  EXPECT_EQ(row().expires_at_ms(), 7);
  EXPECT_EQ(row().updated_at_ms(), kNowMs + 1);
}

TEST_F(KeyProjector, AKeyThatWaitsForItsProofIsFoundByTheOtherSystemsHashOnly) {
  given(R"(key_created { key_id: 'key_1' keyspace_id: 'ks_1' hash: 'OLD' pending_migration_id: 'mig_1' })");
  EXPECT_EQ(row().hash(), "");
  EXPECT_EQ(row().migrated_hash(), "OLD");
  EXPECT_EQ(row().pending_migration_id(), "mig_1");
  EXPECT_EQ(find_key_id_by_migrated_hash(rows_, "OLD"), "key_1");
  EXPECT_EQ(row_keys(), (Keys{"a/ks_1/key_1", "k/key_1", "m/OLD"}));
}

TEST_F(KeyProjector, AProvedKeyIsFoundByItsOwnHashAndKeepsTheOldOneTaken) {
  given(R"(key_created { key_id: 'key_1' keyspace_id: 'ks_1' hash: 'OLD' pending_migration_id: 'mig_1' })");
  given("key_migration_completed { key_id: 'key_1' migration_id: 'mig_1' hash: 'HASH' start: 're_ab' }", kNowMs + 1);
  EXPECT_EQ(row().hash(), "HASH");
  EXPECT_EQ(row().start(), "re_ab");
  EXPECT_EQ(row().pending_migration_id(), "");
  EXPECT_EQ(row().updated_at_ms(), 0);
  EXPECT_EQ(row_keys(), (Keys{"a/ks_1/key_1", "h/HASH", "k/key_1", "m/OLD"}));
  given("key_deleted { key_id: 'key_1' }");
  EXPECT_EQ(row_keys(), (Keys{"h/HASH", "k/key_1", "m/OLD"}));
}

TEST_F(KeyProjector, APermanentlyDeletedKeyLeavesNoHashOfAnyKind) {
  for (const std::string proof : {"", "key_migration_completed { key_id: 'key_1' hash: 'HASH' }"}) {
    given(R"(key_created { key_id: 'key_1' keyspace_id: 'ks_1' hash: 'OLD' pending_migration_id: 'mig_1' })");
    if (!proof.empty()) given(proof);
    given("key_deleted { key_id: 'key_1' permanent: true }");
    EXPECT_EQ(row_keys(), Keys{});
  }
}

TEST_F(KeyProjector, IgnoresWhatHappensToAnUnknownOrDeletedKey) {
  const std::string events[] = {"key_updated { key_id: 'key_1' name { value: 'x' } identity_id { value: 'id_2' } }",
                                "key_credits_spent { key_id: 'key_1' remaining: 1 }",
                                "key_deleted { key_id: 'key_1' }",
                                "key_deleted { key_id: 'key_1' permanent: true }",
                                "key_permissions_changed { key_id: 'key_1' connected_ids: 'perm_9' }",
                                "key_roles_changed { key_id: 'key_1' connected_ids: 'role_9' }",
                                "key_rerolled { key_id: 'key_1' new_key_id: 'key_2' expires_at_ms: 7 }"};
  for (const std::string& event : events) given(event);
  EXPECT_EQ(row_keys(), Keys{});

  given_full_key();
  given("key_deleted { key_id: 'key_1' }");
  const auto before = rows_.table(Table::kKeys);
  for (const std::string& event : events) given(event, kNowMs + 9);
  EXPECT_EQ(rows_.table(Table::kKeys), before);
}

TEST_F(KeyProjector, OpeningAPartitionChangesNoKey) {
  given_full_key();
  const auto before = rows_.table(Table::kKeys);
  given("partition_opened { epoch: 2 }");
  EXPECT_EQ(rows_.table(Table::kKeys), before);
}

}  // namespace
}  // namespace keyfold::projections::testing
