#include "tests/unit/actors/scenario.h"

namespace keyfold::actors::testing {
namespace {

const std::string kWorkspace = "workspace_created { workspace_id: 'ws_1' name: 'one' }";
const std::string kApi = "api_created { api_id: 'api_1' name: 'payments' keyspace_id: 'ks_1' }";
const std::string kKeyspace = "keyspace_created { keyspace_id: 'ks_1' api_id: 'api_1' }";
const std::string kRootKey = "root_key_created { root_key_id: 'rk_1' workspace_id: 'ws_1' hash: 'r1' }";
const std::string kPermission = "permission_created { permission_id: 'perm_1' name: 'Read' slug: 'docs.read' }";
const std::string kRole = "role_created { role_id: 'role_1' name: 'Reader' }";

TEST(Workspace, IsCreatedOnceAndByACommandToItself) {
  const std::string command = "create_workspace { workspace_id: 'ws_1' name: 'one' }";
  given({}).when(command).then({kWorkspace});
  given({kWorkspace}).when(command).then(RejectionCode::kIdTaken);
  given({}).when("create_workspace { workspace_id: 'ws_2' name: 'two' }").then(RejectionCode::kInvalidInput);
}

TEST(Workspace, MustExistForEveryOtherCommand) {
  for (const std::string body : {"update_workspace {}",
                                 "create_root_key {}",
                                 "update_root_key {}",
                                 "revoke_root_key {}",
                                 "create_api {}",
                                 "delete_api {}",
                                 "update_api {}",
                                 "create_key {}",
                                 "update_key {}",
                                 "delete_key {}",
                                 "reroll_key {}",
                                 "migrate_keys {}",
                                 "spend_credits {}",
                                 "create_identity {}",
                                 "update_identity {}",
                                 "delete_identity {}",
                                 "create_permission {}",
                                 "create_role {}",
                                 "delete_permission {}",
                                 "delete_role {}",
                                 "set_role_permissions {}",
                                 "change_key_permissions {}",
                                 "change_key_roles {}",
                                 "create_migration {}",
                                 "create_ratelimit_namespaces {}",
                                 "delete_ratelimit_namespace {}",
                                 "set_ratelimit_override {}",
                                 "delete_ratelimit_override {}"}) {
    given({}).when(body).then(RejectionCode::kWorkspaceNotFound);
  }
}

TEST(Workspace, IsUpdatedByWhatChangesAlone) {
  const std::string disabled = "workspace_updated { workspace_id: 'ws_1' enabled: false }";
  const std::string limited = "workspace_updated { workspace_id: 'ws_1' requests { per_minute: 60 } }";
  given({kWorkspace}).when("update_workspace { enabled: false }").then({disabled});
  given({kWorkspace}).when("update_workspace { enabled: true }").then({});
  given({kWorkspace, disabled}).when("update_workspace { enabled: false }").then({});
  given({kWorkspace, disabled})
      .when("update_workspace { enabled: true }")
      .then({"workspace_updated { workspace_id: 'ws_1' enabled: true }"});
  given({kWorkspace}).when("update_workspace { enabled: true requests { per_minute: 60 } }").then({limited});
  given({kWorkspace, limited}).when("update_workspace { requests { per_minute: 60 } }").then({});
  given({kWorkspace}).when("update_workspace {}").then({});
}

TEST(Workspace, TellsALimitOfZeroFromNone) {
  const std::string none = "workspace_updated { workspace_id: 'ws_1' requests { per_minute: 0 } }";
  const std::string unlimited = "workspace_updated { workspace_id: 'ws_1' requests {} }";
  given({kWorkspace}).when("update_workspace { requests { per_minute: 0 } }").then({none});
  given({kWorkspace}).when("update_workspace { requests {} }").then({});
  given({kWorkspace, none}).when("update_workspace { requests { per_minute: 0 } }").then({});
  given({kWorkspace, none}).when("update_workspace { requests {} }").then({unlimited});
  given({kWorkspace, none, unlimited}).when("update_workspace { requests {} }").then({});
  given({kWorkspace}).when("update_workspace { requests { per_minute: -1 } }").then(RejectionCode::kInvalidInput);
}

TEST(Command, ThatAsksForNothingIsRefused) { given({kWorkspace}).when("").then(RejectionCode::kInvalidInput); }

TEST(RootKey, IsCreatedForTheWorkspaceWithItsRights) {
  given({kWorkspace})
      .when(
          "create_root_key { root_key_id: 'rk_1' name: 'ci' hash: 'r1' start: 'unkey_ab' permissions: 'api.*.read_api' "
          "expires_at_ms: 5 }")
      .then({"root_key_created { root_key_id: 'rk_1' workspace_id: 'ws_1' name: 'ci' hash: 'r1' start: 'unkey_ab' "
             "permissions: 'api.*.read_api' expires_at_ms: 5 }"});
  given({kWorkspace, kRootKey}).when("create_root_key { root_key_id: 'rk_1' }").then(RejectionCode::kIdTaken);
}

TEST(RootKey, IsUpdatedByWhatChangesAlone) {
  const std::string disabled = "root_key_updated { root_key_id: 'rk_1' enabled: false }";
  const std::string named = "root_key_updated { root_key_id: 'rk_1' name: 'ci' }";
  given({kWorkspace, kRootKey}).when("update_root_key { root_key_id: 'rk_1' enabled: false }").then({disabled});
  given({kWorkspace, kRootKey, disabled}).when("update_root_key { root_key_id: 'rk_1' enabled: false }").then({});
  given({kWorkspace, kRootKey}).when("update_root_key { root_key_id: 'rk_1' enabled: true name: 'ci' }").then({named});
  given({kWorkspace, kRootKey, named}).when("update_root_key { root_key_id: 'rk_1' name: 'ci' }").then({});
  given({kWorkspace, kRootKey}).when("update_root_key { root_key_id: 'rk_1' }").then({});
}

TEST(RootKey, IsUpdatedOnlyAliveAndInItsWorkspace) {
  const std::string command = "update_root_key { root_key_id: 'rk_1' enabled: false }";
  given({kWorkspace}).when(command).then(RejectionCode::kRootKeyNotFound);
  given({kWorkspace, kRootKey, "root_key_revoked { root_key_id: 'rk_1' }"})
      .when(command)
      .then(RejectionCode::kRootKeyNotFound);
  given({kWorkspace})
      .and_given({"root_key_created { root_key_id: 'rk_1' workspace_id: 'ws_2' }"}, "ws_2")
      .when(command)
      .then(RejectionCode::kRootKeyNotFound);
}

TEST(RootKey, IsRevokedOnceAndOnlyInItsWorkspace) {
  const std::string command = "revoke_root_key { root_key_id: 'rk_1' }";
  const std::string revoked = "root_key_revoked { root_key_id: 'rk_1' }";
  given({kWorkspace, kRootKey}).when(command).then({revoked});
  given({kWorkspace, kRootKey, revoked}).when(command).then(RejectionCode::kRootKeyNotFound);
  given({kWorkspace}).when(command).then(RejectionCode::kRootKeyNotFound);
  given({kWorkspace})
      .and_given({"root_key_created { root_key_id: 'rk_1' workspace_id: 'ws_2' }"}, "ws_2")
      .when(command)
      .then(RejectionCode::kRootKeyNotFound);
}

TEST(Api, IsCreatedWithItsKeyspace) {
  given({kWorkspace})
      .when("create_api { api_id: 'api_1' keyspace_id: 'ks_1' name: 'payments' }")
      .then({kApi, kKeyspace});
}

TEST(Api, NeverReusesAnId) {
  Given both = given({kWorkspace, kApi, kKeyspace});
  both.when("create_api { api_id: 'api_1' keyspace_id: 'ks_2' }").then(RejectionCode::kIdTaken);
  both.when("create_api { api_id: 'api_2' keyspace_id: 'ks_1' }").then(RejectionCode::kIdTaken);
  both.when("create_api { api_id: 'api_2' keyspace_id: 'ks_2' name: 'payments' }")
      .then({"api_created { api_id: 'api_2' name: 'payments' keyspace_id: 'ks_2' }",
             "keyspace_created { keyspace_id: 'ks_2' api_id: 'api_2' }"});
}

TEST(Api, IsDeletedOnceAndOnlyInItsWorkspace) {
  const std::string command = "delete_api { api_id: 'api_1' }";
  const std::string deleted = "api_deleted { api_id: 'api_1' }";
  given({kWorkspace, kApi, kKeyspace}).when(command).then({deleted});
  given({kWorkspace, kApi, kKeyspace, deleted}).when(command).then(RejectionCode::kApiNotFound);
  given({kWorkspace}).when(command).then(RejectionCode::kApiNotFound);
  given({kWorkspace}).and_given({kApi}, "ws_2").when(command).then(RejectionCode::kApiNotFound);
}

TEST(Permission, HasASlugThatIsUniqueWhateverTheLetterCase) {
  const std::string body = "{ permission_id: 'perm_1' name: 'Read' slug: 'docs.read' description: 'd' }";
  given({kWorkspace}).when("create_permission " + body).then({"permission_created " + body});
  Given known = given({kWorkspace, kPermission});
  known.when("create_permission { permission_id: 'perm_2' slug: 'DOCS.Read' }")
      .then(RejectionCode::kPermissionExists, "DOCS.Read");
  known.when("create_permission { permission_id: 'perm_1' slug: 'other' }").then(RejectionCode::kIdTaken);
}

TEST(Permission, OfAnotherWorkspaceIsAnotherOne) {
  given({kWorkspace})
      .and_given({kPermission}, "ws_2")
      .when("create_permission { permission_id: 'perm_2' slug: 'docs.read' }")
      .then({"permission_created { permission_id: 'perm_2' slug: 'docs.read' }"});
}

TEST(Role, HasANameThatIsUniqueWhateverTheLetterCase) {
  Given known = given({kWorkspace, kRole});
  known.when("create_role { role_id: 'role_2' name: 'READER' }").then(RejectionCode::kRoleExists, "READER");
  known.when("create_role { role_id: 'role_1' name: 'Writer' }").then(RejectionCode::kIdTaken);
}

TEST(Role, IsCreatedAfterThePermissionsThatAreMissing) {
  given({kWorkspace, kPermission})
      .when(
          "create_role { role_id: 'role_1' name: 'Editor' description: 'd' may_create: true "
          "permissions { name: 'docs.write' candidate_id: 'perm_2' } "
          "permissions { name: 'Docs.Read' candidate_id: 'perm_3' } "
          "permissions { name: 'a.first' candidate_id: 'perm_4' } }")
      .then({"permission_created { permission_id: 'perm_4' name: 'a.first' slug: 'a.first' }",
             "permission_created { permission_id: 'perm_2' name: 'docs.write' slug: 'docs.write' }",
             "role_created { role_id: 'role_1' name: 'Editor' description: 'd' permission_ids: 'perm_4' "
             "permission_ids: 'perm_1' permission_ids: 'perm_2' }"});
}

}  // namespace
}  // namespace keyfold::actors::testing
