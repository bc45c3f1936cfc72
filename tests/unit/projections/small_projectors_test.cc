#include "projections/identity.h"
#include "projections/migration.h"
#include "projections/partition.h"
#include "projections/permission.h"
#include "projections/role.h"
#include "projections/root_key.h"
#include "projections/workspace.h"
#include "tests/unit/projections/projector_fixture.h"

namespace keyfold::projections::testing {
namespace {

class WorkspaceProjector : public ProjectorTest {};
class RootKeyProjector : public ProjectorTest {};
class IdentityProjector : public ProjectorTest {};
class PermissionProjector : public ProjectorTest {};
class RoleProjector : public ProjectorTest {};
class MigrationProjector : public ProjectorTest {};
class PartitionProjector : public ProjectorTest {};

TEST_F(WorkspaceProjector, KeepsACreatedWorkspace) {
  given("workspace_created { workspace_id: 'ws_1' name: 'Acme' }");
  expect_row(find_workspace(rows_, "ws_1"), "workspace_id: 'ws_1' name: 'Acme' created_at_ms: 1700000000000");
  EXPECT_FALSE(find_workspace(rows_, "ws_2"));
}

TEST_F(WorkspaceProjector, ChangesWhatAnUpdateNames) {
  given("workspace_created { workspace_id: 'ws_1' name: 'Acme' }");
  given("workspace_updated { workspace_id: 'ws_1' enabled: false }");
  given("workspace_updated { workspace_id: 'ws_1' requests { per_minute: 0 } }");
  const std::string row = "workspace_id: 'ws_1' name: 'Acme' created_at_ms: 1700000000000 ";
  expect_row(find_workspace(rows_, "ws_1"), row + "disabled: true requests_per_minute_max: 0");
  given("workspace_updated { workspace_id: 'ws_1' enabled: true requests {} }");
  expect_row(find_workspace(rows_, "ws_1"), row);
  given("workspace_updated { workspace_id: 'ws_2' enabled: false }");
  EXPECT_FALSE(find_workspace(rows_, "ws_2"));
}

TEST_F(RootKeyProjector, ChangesWhatAnUpdateNames) {
  given("root_key_created { root_key_id: 'rk_1' workspace_id: 'ws_1' name: 'ci' }");
  given("root_key_updated { root_key_id: 'rk_1' enabled: false }");
  given("root_key_updated { root_key_id: 'rk_1' name: 'cd' }");
  const std::string row = "root_key_id: 'rk_1' workspace_id: 'ws_1' name: 'cd' created_at_ms: 1700000000000 ";
  expect_row(find_root_key(rows_, "rk_1"), row + "disabled: true");
  given("root_key_updated { root_key_id: 'rk_1' enabled: true }");
  expect_row(find_root_key(rows_, "rk_1"), row);
  given("root_key_updated { root_key_id: 'rk_2' name: 'x' }");
  EXPECT_FALSE(find_root_key(rows_, "rk_2"));
}

TEST_F(RootKeyProjector, KeepsACreatedRootKeyOfTheWorkspaceThatItActsFor) {
  given(R"(root_key_created { root_key_id: 'rk_1' workspace_id: 'ws_9' name: 'ci' hash: '\001\002' start: 'unkey_ab'
           permissions: 'api.*.read_api' permissions: 'api.*.read_key' expires_at_ms: 7 })");
  expect_row(find_root_key(rows_, "rk_1"),
             R"(root_key_id: 'rk_1' workspace_id: 'ws_9' name: 'ci' hash: '\001\002' start: 'unkey_ab'
                permissions: 'api.*.read_api' permissions: 'api.*.read_key' expires_at_ms: 7
                created_at_ms: 1700000000000)");
}

TEST_F(RootKeyProjector, KeepsTheFirstMomentOfRevocation) {
  given("root_key_created { root_key_id: 'rk_1' workspace_id: 'ws_1' }");
  given("root_key_revoked { root_key_id: 'rk_1' }", kNowMs + 1);
  given("root_key_revoked { root_key_id: 'rk_1' }", kNowMs + 2);
  EXPECT_EQ(find_root_key(rows_, "rk_1")->revoked_at_ms(), kNowMs + 1);
}

TEST_F(RootKeyProjector, IgnoresTheRevocationOfAnUnknownRootKey) {
  given("root_key_revoked { root_key_id: 'rk_1' }");
  EXPECT_EQ(keys(Table::kRootKeys), Keys{});
}

TEST_F(IdentityProjector, FindsAnIdentityByIdAndByExternalId) {
  given("identity_created { identity_id: 'id_1' external_id: 'user/42' meta_json: '{}' }");
  expect_row(find_identity(rows_, "id_1"), R"(identity_id: 'id_1' workspace_id: 'ws_1' external_id: 'user/42'
                                              meta_json: '{}' created_at_ms: 1700000000000)");
  EXPECT_EQ(find_identity_id_by_external_id(rows_, "ws_1", "user/42"), "id_1");
  EXPECT_FALSE(find_identity_id_by_external_id(rows_, "ws_2", "user/42"));
  EXPECT_FALSE(find_identity_id_by_external_id(rows_, "ws_1", "USER/42"));
}

TEST_F(IdentityProjector, ListsTheIdentitiesOfAWorkspaceByTheirIds) {
  given("identity_created { identity_id: 'id_2' external_id: 'a' }");
  given("identity_created { identity_id: 'id_1' external_id: 'b' }");
  EXPECT_EQ(keys(Table::kIdentities), (Keys{"e/ws_1/a", "e/ws_1/b", "i/id_1", "i/id_2", "n/ws_1/id_1", "n/ws_1/id_2"}));
  EXPECT_EQ(rows_.get(Table::kIdentities, "n/ws_1/id_1"), "b");
}

TEST_F(IdentityProjector, AnUpdateChangesTheMembersThatItNames) {
  const std::string limit = "{ ratelimit_id: 'rl_1' name: 'requests' limit: 5 duration_ms: 1000 auto_apply: true }";
  given("identity_created { identity_id: 'id_1' external_id: 'a' meta_json: '{\"b\":1}' ratelimits " + limit + " }");
  const std::string rest = "identity_id: 'id_1' workspace_id: 'ws_1' external_id: 'a' created_at_ms: 1700000000000 ";
  given("identity_updated { identity_id: 'id_1' }");
  expect_row(find_identity(rows_, "id_1"), rest + "meta_json: '{\"b\":1}' ratelimits " + limit);
  given("identity_updated { identity_id: 'id_1' meta_json { value: '{\"c\":2}' } }");
  expect_row(find_identity(rows_, "id_1"), rest + "meta_json: '{\"c\":2}' ratelimits " + limit);
  given("identity_updated { identity_id: 'id_1' ratelimits { items { ratelimit_id: 'rl_2' name: 'tokens' } } }");
  expect_row(find_identity(rows_, "id_1"),
             rest + "meta_json: '{\"c\":2}' ratelimits { ratelimit_id: 'rl_2' name: 'tokens' }");
  given("identity_updated { identity_id: 'id_1' meta_json {} ratelimits {} }");
  expect_row(find_identity(rows_, "id_1"), rest);
}

TEST_F(IdentityProjector, ADeletedIdentityLeavesOnlyAMarkThatItsIdWasUsed) {
  EXPECT_FALSE(is_used_identity_id(rows_, "id_1"));
  given("identity_created { identity_id: 'id_1' external_id: 'a' }");
  EXPECT_TRUE(is_used_identity_id(rows_, "id_1"));
  given("identity_deleted { identity_id: 'id_1' }");
  EXPECT_EQ(keys(Table::kIdentities), Keys{"d/id_1"});
  EXPECT_FALSE(find_identity(rows_, "id_1"));
  EXPECT_FALSE(find_identity_id_by_external_id(rows_, "ws_1", "a"));
  EXPECT_TRUE(is_used_identity_id(rows_, "id_1"));
  given("identity_created { identity_id: 'id_2' external_id: 'a' }");
  EXPECT_EQ(find_identity_id_by_external_id(rows_, "ws_1", "a"), "id_2");
}

TEST_F(IdentityProjector, IgnoresWhatHappensToAnUnknownOrDeletedIdentity) {
  given("identity_updated { identity_id: 'id_1' meta_json { value: '{}' } }");
  given("identity_deleted { identity_id: 'id_1' }");
  EXPECT_EQ(keys(Table::kIdentities), Keys{});
  given("identity_created { identity_id: 'id_1' external_id: 'a' }");
  given("identity_deleted { identity_id: 'id_1' }");
  given("identity_updated { identity_id: 'id_1' meta_json { value: '{}' } }");
  given("identity_deleted { identity_id: 'id_1' }");
  EXPECT_EQ(keys(Table::kIdentities), Keys{"d/id_1"});
}

TEST_F(PermissionProjector, FindsAPermissionByIdAndBySlugInAnyCase) {
  given("permission_created { permission_id: 'perm_1' name: 'Read' slug: 'Docs.Read' description: 'd' }");
  expect_row(find_permission(rows_, "perm_1"), R"(permission_id: 'perm_1' workspace_id: 'ws_1' name: 'Read'
                                                  slug: 'Docs.Read' description: 'd' created_at_ms: 1700000000000)");
  EXPECT_EQ(find_permission_id_by_slug(rows_, "ws_1", "docs.READ"), "perm_1");
  EXPECT_FALSE(find_permission_id_by_slug(rows_, "ws_2", "docs.read"));
}

TEST_F(PermissionProjector, FindsAPermissionOfTheWorkspaceByIdOrElseBySlug) {
  given("permission_created { permission_id: 'perm_1' slug: 'docs.read' }");
  given("permission_created { permission_id: 'perm_2' slug: 'perm_1' }");
  EXPECT_EQ(find_permission_by_id_or_slug(rows_, "ws_1", "perm_1")->permission_id(), "perm_1");
  EXPECT_EQ(find_permission_by_id_or_slug(rows_, "ws_1", "Docs.Read")->permission_id(), "perm_1");
  EXPECT_EQ(find_permission_by_id_or_slug(rows_, "ws_1", "perm_2")->permission_id(), "perm_2");
  EXPECT_FALSE(find_permission_by_id_or_slug(rows_, "ws_2", "perm_1"));
  EXPECT_FALSE(find_permission_by_id_or_slug(rows_, "ws_1", "other"));
}

TEST_F(PermissionProjector, LeavesOfADeletedPermissionOnlyThatItsIdIsUsed) {
  given("permission_created { permission_id: 'perm_1' slug: 'Docs.Read' }");
  EXPECT_EQ(keys(Table::kPermissions), (Keys{"p/perm_1", "s/ws_1/docs.read", "w/ws_1/perm_1"}));
  given("permission_deleted { permission_id: 'perm_1' }");
  EXPECT_EQ(keys(Table::kPermissions), Keys{"d/perm_1"});
  EXPECT_TRUE(is_used_permission_id(rows_, "perm_1"));
  EXPECT_FALSE(is_used_permission_id(rows_, "perm_2"));
  given("permission_deleted { permission_id: 'perm_2' }");
  EXPECT_EQ(keys(Table::kPermissions), Keys{"d/perm_1"});
}

TEST_F(RoleProjector, FindsARoleByIdAndByNameInAnyCase) {
  given("role_created { role_id: 'role_1' name: 'Admin' description: 'd' permission_ids: ['perm_1', 'perm_2'] }");
  expect_row(find_role(rows_, "role_1"), R"(role_id: 'role_1' workspace_id: 'ws_1' name: 'Admin' description: 'd'
                                            permission_ids: ['perm_1', 'perm_2'] created_at_ms: 1700000000000)");
  EXPECT_EQ(find_role_id_by_name(rows_, "ws_1", "aDMIN"), "role_1");
  EXPECT_FALSE(find_role_id_by_name(rows_, "ws_2", "admin"));
}

TEST_F(RoleProjector, FindsARoleOfTheWorkspaceByIdOrElseByName) {
  given("role_created { role_id: 'role_1' name: 'Admin' }");
  given("role_created { role_id: 'role_2' name: 'role_1' }");
  EXPECT_EQ(find_role_by_id_or_name(rows_, "ws_1", "role_1")->role_id(), "role_1");
  EXPECT_EQ(find_role_by_id_or_name(rows_, "ws_1", "ADMIN")->role_id(), "role_1");
  EXPECT_FALSE(find_role_by_id_or_name(rows_, "ws_2", "role_1"));
}

TEST_F(RoleProjector, ChangesThePermissionsOfARole) {
  given("role_created { role_id: 'role_1' name: 'Admin' permission_ids: ['perm_1', 'perm_2'] }");
  given(
      "role_permissions_changed { role_id: 'role_1' connected_ids: ['perm_4', 'perm_3'] disconnected_ids: 'perm_1' }");
  expect_row(find_role(rows_, "role_1"), R"(role_id: 'role_1' workspace_id: 'ws_1' name: 'Admin'
                                            permission_ids: ['perm_2', 'perm_4', 'perm_3']
                                            created_at_ms: 1700000000000)");
  given("role_permissions_changed { role_id: 'role_2' connected_ids: 'perm_4' }");
  EXPECT_FALSE(find_role(rows_, "role_2"));
}

TEST_F(RoleProjector, LeavesOfADeletedRoleOnlyThatItsIdIsUsed) {
  given("role_created { role_id: 'role_1' name: 'Admin' permission_ids: 'perm_1' }");
  EXPECT_EQ(keys(Table::kRoles), (Keys{"n/ws_1/admin", "r/role_1", "w/ws_1/role_1"}));
  given("role_deleted { role_id: 'role_1' }");
  given("role_deleted { role_id: 'role_2' }");
  EXPECT_EQ(keys(Table::kRoles), Keys{"d/role_1"});
  EXPECT_TRUE(is_used_role_id(rows_, "role_1"));
  EXPECT_FALSE(is_used_role_id(rows_, "role_2"));
}

TEST_F(MigrationProjector, KeepsAMigrationAndListsItInItsWorkspace) {
  given("migration_created { migration_id: 'mig_1' name: 'old' algorithm: PREFIXED_API_KEY }");
  expect_row(find_migration(rows_, "mig_1"), R"(migration_id: 'mig_1' workspace_id: 'ws_1' name: 'old'
                                                algorithm: PREFIXED_API_KEY created_at_ms: 1700000000000)");
  EXPECT_EQ(keys(Table::kMigrations), (Keys{"m/mig_1", "n/ws_1/mig_1"}));
  EXPECT_FALSE(find_migration(rows_, "mig_2"));
}

TEST_F(PartitionProjector, KeepsTheLastWriter) {
  given("partition_opened { epoch: 2 node_id: 'node_1' node_address: '10.0.0.1:9000' }");
  given("partition_opened { epoch: 4 node_id: 'node_2' node_address: '10.0.0.2:9000' }");
  expect_row(find_partition(rows_),
             "epoch: 4 node_id: 'node_2' node_address: '10.0.0.2:9000' opened_at_ms: 1700000000000");
}

}  // namespace
}  // namespace keyfold::projections::testing
