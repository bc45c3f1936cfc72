#include "actors/aggregates/key_grants.h"

#include "tests/unit/actors/scenario.h"

namespace keyfold::actors::testing {
namespace {

const std::string kRead = "permission_created { permission_id: 'perm_1' name: 'Read' slug: 'b.read' description: 'd' }";
const std::string kWrite = "permission_created { permission_id: 'perm_2' name: 'a.write' slug: 'a.write' }";
const std::string kEditor = "role_created { role_id: 'role_1' name: 'Editor' permission_ids: 'perm_2' }";
const std::string kAuditor = "role_created { role_id: 'role_2' name: 'Auditor' description: 'looks' }";
const std::string kReadJson = R"({"id":"perm_1","name":"Read","slug":"b.read","description":"d"})";
const std::string kWriteJson = R"({"id":"perm_2","name":"a.write","slug":"a.write"})";
const std::string kEditorJson =
    R"({"id":"role_1","name":"Editor","permissions":[{"id":"perm_2","name":"a.write","slug":"a.write"}]})";
const std::string kAuditorJson = R"({"id":"role_2","name":"Auditor","description":"looks"})";

/// A key with the members, in a workspace with two permissions and two roles.
Given given_key(const std::string& members) {
  return given(
      {"workspace_created { workspace_id: 'ws_1' name: 'one' }",
       "api_created { api_id: 'api_1' name: 'payments' keyspace_id: 'ks_1' }",
       "keyspace_created { keyspace_id: 'ks_1' api_id: 'api_1' }", kRead, kWrite, kEditor, kAuditor,
       "key_created { key_id: 'key_1' api_id: 'api_1' keyspace_id: 'ks_1' hash: 'h1' enabled: true " + members + " }"});
}

std::string permissions(const std::string& operation, const std::string& members) {
  return "change_key_permissions { key_id: 'key_1' operation: " + operation + " " + members + " }";
}
std::string permissions_changed(const std::string& members) {
  return "key_permissions_changed { key_id: 'key_1' " + members + " }";
}
std::string roles(const std::string& operation, const std::string& members) {
  return "change_key_roles { key_id: 'key_1' operation: " + operation + " " + members + " }";
}
std::string roles_changed(const std::string& members) {
  return "key_roles_changed { key_id: 'key_1' " + members + " }";
}

TEST(KeyPermissions, AreAddedAfterThoseThatItHas) {
  given_key("permission_ids: 'perm_1'")
      .when(permissions("ADD", "permissions { name: 'A.WRITE' } permissions { name: 'b.read' }"))
      .then({permissions_changed("connected_ids: 'perm_2'")})
      .with_data("[" + kReadJson + "," + kWriteJson + "]");
}

TEST(KeyPermissions, ThatItHasAreAddedWithoutAnEvent) {
  given_key("permission_ids: 'perm_1'")
      .when(permissions("ADD", "permissions { name: 'b.read' }"))
      .then({})
      .with_data("[" + kReadJson + "]");
}

TEST(KeyPermissions, ThatAreMissingAreCreatedOnceAndOnlyWithTheRight) {
  const std::string missing =
      "permissions { name: 'New' candidate_id: 'perm_3' } permissions { name: 'new' candidate_id: 'perm_4' }";
  for (const std::string operation : {"ADD", "REPLACE"}) {
    given_key("")
        .when(permissions(operation, missing + " may_create: true"))
        .then({"permission_created { permission_id: 'perm_3' name: 'New' slug: 'New' }",
               permissions_changed("connected_ids: 'perm_3'")})
        .with_data(R"([{"id":"perm_3","name":"New","slug":"New"}])");
    given_key("").when(permissions(operation, missing)).then(RejectionCode::kMayNotCreatePermissions, "New");
  }
}

TEST(KeyPermissions, GetNoIdThatWasUsed) {
  given_key("")
      .and_given({"permission_deleted { permission_id: 'perm_1' }"})
      .when(permissions("ADD", "may_create: true permissions { name: 'new' candidate_id: 'perm_1' }"))
      .then(RejectionCode::kIdTaken);
}

TEST(KeyPermissions, AreRemoved) {
  const std::string has_both = "permission_ids: 'perm_1' permission_ids: 'perm_2'";
  given_key(has_both)
      .when(permissions("REMOVE", "permissions { name: 'B.Read' }"))
      .then({permissions_changed("disconnected_ids: 'perm_1'")})
      .with_data("[" + kWriteJson + "]");
  given_key(has_both)
      .when(permissions("REMOVE", "permissions { name: 'b.read' } permissions { name: 'a.write' }"))
      .then({permissions_changed("disconnected_ids: 'perm_1' disconnected_ids: 'perm_2'")})
      .with_data("[]");
}

TEST(KeyPermissions, ThatItLacksAreRemovedWithoutAnEvent) {
  given_key("permission_ids: 'perm_1'")
      .when(permissions("REMOVE", "permissions { name: 'a.write' }"))
      .then({})
      .with_data("[" + kReadJson + "]");
}

TEST(KeyPermissions, ThatTheWorkspaceLacksAreNotFoundWhenRemoved) {
  given_key("permission_ids: 'perm_1'")
      .when(permissions("REMOVE", "may_create: true permissions { name: 'b.read' } permissions { name: 'perm_1' }"))
      .then(RejectionCode::kPermissionNotFound, "perm_1");
}

TEST(KeyPermissions, AreReplacedByTheDifference) {
  given_key("permission_ids: 'perm_1'")
      .when(permissions("REPLACE", "permissions { name: 'a.write' }"))
      .then({permissions_changed("connected_ids: 'perm_2' disconnected_ids: 'perm_1'")})
      .with_data("[" + kWriteJson + "]");
  given_key("permission_ids: 'perm_1'")
      .when(permissions("REPLACE", ""))
      .then({permissions_changed("disconnected_ids: 'perm_1'")})
      .with_data("[]");
  given_key("permission_ids: 'perm_1' permission_ids: 'perm_2'")
      .when(permissions("REPLACE", "permissions { name: 'a.write' } permissions { name: 'b.read' }"))
      .then({})
      .with_data("[" + kWriteJson + "," + kReadJson + "]");
}

TEST(KeyPermissions, ThatWereDeletedAreForgottenWithTheNextChange) {
  Given deleted = given_key("permission_ids: 'perm_1'").and_given({"permission_deleted { permission_id: 'perm_1' }"});
  deleted.when(permissions("REPLACE", "")).then({}).with_data("[]");
  deleted.when(permissions("ADD", "permissions { name: 'a.write' }"))
      .then({permissions_changed("connected_ids: 'perm_2' disconnected_ids: 'perm_1'")})
      .with_data("[" + kWriteJson + "]");
  deleted.and_given({"permission_created { permission_id: 'perm_5' name: 'again' slug: 'b.read' }"})
      .when(permissions("REMOVE", "permissions { name: 'b.read' }"))
      .then({})
      .with_data("[]");
}

TEST(KeyPermissions, AreOfALiveKeyOfTheWorkspace) {
  for (const std::string& command :
       {permissions("ADD", "permissions { name: 'b.read' }"), roles("ADD", "names: 'x'")}) {
    given_key("").and_given({"key_deleted { key_id: 'key_1' }"}).when(command).then(RejectionCode::kKeyNotFound);
    given_key("").and_given({"api_deleted { api_id: 'api_1' }"}).when(command).then(RejectionCode::kKeyNotFound);
    given_key("")
        .and_given({"workspace_created { workspace_id: 'ws_2' name: 'two' }"}, "ws_2")
        .when("workspace_id: 'ws_2' " + command)
        .then(RejectionCode::kKeyNotFound);
  }
}

TEST(KeyPermissions, AreChangedByAKnownOperationAlone) {
  given_key("").when("change_key_permissions { key_id: 'key_1' }").then(RejectionCode::kInvalidInput);
  given_key("").when("change_key_roles { key_id: 'key_1' }").then(RejectionCode::kInvalidInput);
}

TEST(KeyPermissions, AreBounded) {
  std::string held;
  for (int i = 0; i < kKeyPermissionsMax; ++i) held += "permission_ids: 'p" + std::to_string(i) + "' ";
  Given full = given_key(held);
  for (int i = 0; i < kKeyPermissionsMax; ++i) {
    const std::string id = "'p" + std::to_string(i) + "'";
    full.and_given({"permission_created { permission_id: " + id + " name: " + id + " slug: " + id + " }"});
  }
  const std::string add = permissions("ADD", "permissions { name: 'a.write' }");
  full.when(add).then(RejectionCode::kInvalidInput, "1000");
  full.when(permissions("REMOVE", "permissions { name: 'p7' }")).then({permissions_changed("disconnected_ids: 'p7'")});
  full.and_given({"permission_deleted { permission_id: 'p7' }"})
      .when(add)
      .then({permissions_changed("connected_ids: 'perm_2' disconnected_ids: 'p7'")});
}

TEST(KeyRoles, AreAddedRemovedAndReplacedByName) {
  given_key("role_ids: 'role_1'")
      .when(roles("ADD", "names: 'AUDITOR' names: 'Editor' names: 'auditor'"))
      .then({roles_changed("connected_ids: 'role_2'")})
      .with_data("[" + kEditorJson + "," + kAuditorJson + "]");
  given_key("role_ids: 'role_1' role_ids: 'role_2'")
      .when(roles("REMOVE", "names: 'editor'"))
      .then({roles_changed("disconnected_ids: 'role_1'")})
      .with_data("[" + kAuditorJson + "]");
  given_key("role_ids: 'role_1'")
      .when(roles("REPLACE", "names: 'Auditor'"))
      .then({roles_changed("connected_ids: 'role_2' disconnected_ids: 'role_1'")})
      .with_data("[" + kAuditorJson + "]");
  given_key("role_ids: 'role_1'")
      .when(roles("REPLACE", ""))
      .then({roles_changed("disconnected_ids: 'role_1'")})
      .with_data("[]");
}

TEST(KeyRoles, ThatChangeNothingAreNoEvent) {
  Given has_one = given_key("role_ids: 'role_1'");
  for (const std::string& command :
       {roles("ADD", "names: 'Editor'"), roles("REMOVE", "names: 'Auditor'"), roles("REPLACE", "names: 'EDITOR'")}) {
    has_one.when(command).then({}).with_data("[" + kEditorJson + "]");
  }
}

TEST(KeyRoles, ThatAreMissingAreNotFoundAndNothingChanges) {
  for (const std::string operation : {"ADD", "REMOVE", "REPLACE"}) {
    for (const std::string missing : {"role_1", "nobody"}) {
      given_key("role_ids: 'role_1'")
          .when(roles(operation, "names: 'Editor' names: '" + missing + "'"))
          .then(RejectionCode::kRoleNotFound, missing);
    }
    given_key("")
        .and_given({"role_deleted { role_id: 'role_1' }"})
        .when(roles(operation, "names: 'Editor'"))
        .then(RejectionCode::kRoleNotFound, "Editor");
  }
}

TEST(KeyRoles, ThatWereDeletedAreForgottenWithTheNextChange) {
  given_key("role_ids: 'role_1'")
      .and_given({"role_deleted { role_id: 'role_1' }", "role_created { role_id: 'role_9' name: 'Editor' }"})
      .when(roles("ADD", "names: 'Editor'"))
      .then({roles_changed("connected_ids: 'role_9' disconnected_ids: 'role_1'")})
      .with_data(R"([{"id":"role_9","name":"Editor"}])");
}

TEST(KeyRoles, ShowNoPermissionThatWasDeleted) {
  given_key("role_ids: 'role_1'")
      .and_given({"permission_deleted { permission_id: 'perm_2' }"})
      .when(roles("ADD", "names: 'Editor'"))
      .then({})
      .with_data(R"([{"id":"role_1","name":"Editor"}])");
}

TEST(KeyRoles, AreBounded) {
  std::string held;
  for (int i = 0; i < kKeyRolesMax; ++i) held += "role_ids: 'r" + std::to_string(i) + "' ";
  Given full = given_key(held);
  for (int i = 0; i < kKeyRolesMax; ++i) {
    const std::string id = "'r" + std::to_string(i) + "'";
    full.and_given({"role_created { role_id: " + id + " name: " + id + " }"});
  }
  full.when(roles("ADD", "names: 'Editor'")).then(RejectionCode::kInvalidInput, "100");
  full.when(roles("ADD", "names: 'r3'")).then({});
}

}  // namespace
}  // namespace keyfold::actors::testing
