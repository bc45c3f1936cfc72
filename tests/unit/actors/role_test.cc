#include "tests/unit/actors/scenario.h"

namespace keyfold::actors::testing {
namespace {

const std::string kWorkspace = "workspace_created { workspace_id: 'ws_1' name: 'one' }";
const std::string kRead = "permission_created { permission_id: 'perm_1' name: 'Read' slug: 'docs.read' }";
const std::string kWrite = "permission_created { permission_id: 'perm_2' name: 'docs.write' slug: 'docs.write' }";
const std::string kRole = "role_created { role_id: 'role_1' name: 'Editor' permission_ids: 'perm_1' }";
const std::string kDeleted = "role_deleted { role_id: 'role_1' }";
const std::string kReadJson = R"({"id":"perm_1","name":"Read","slug":"docs.read"})";
const std::string kWriteJson = R"({"id":"perm_2","name":"docs.write","slug":"docs.write"})";

std::string set(const std::string& members) { return "set_role_permissions { role_id: 'role_1' " + members + " }"; }
std::string changed(const std::string& members) {
  return "role_permissions_changed { role_id: 'role_1' " + members + " }";
}

TEST(DeleteRole, FindsItByIdOrByNameInAnyLetterCase) {
  for (const std::string named : {"role_1", "Editor", "eDITOR"}) {
    given({kWorkspace, kRead, kRole}).when("delete_role { role: '" + named + "' }").then({kDeleted});
  }
}

TEST(DeleteRole, FindsNoneThatIsUnknownDeletedOrOfAnotherWorkspace) {
  for (const std::string command : {"delete_role { role: 'role_1' }", "delete_role { role: 'Editor' }"}) {
    given({kWorkspace}).when(command).then(RejectionCode::kRoleNotFound);
    given({kWorkspace, kRead, kRole, kDeleted}).when(command).then(RejectionCode::kRoleNotFound);
    given({kWorkspace}).and_given({kRead, kRole}, "ws_2").when(command).then(RejectionCode::kRoleNotFound);
  }
}

TEST(DeleteRole, FreesTheNameButNeverTheId) {
  Given deleted = given({kWorkspace, kRead, kRole, kDeleted});
  deleted.when("create_role { role_id: 'role_2' name: 'editor' }")
      .then({"role_created { role_id: 'role_2' name: 'editor' }"});
  deleted.when("create_role { role_id: 'role_1' name: 'other' }").then(RejectionCode::kIdTaken);
}

TEST(SetRolePermissions, ReplacesThemAndCreatesWhatIsMissing) {
  given({kWorkspace, kRead, kRole})
      .when(set("may_create: true permissions { name: 'docs.write' candidate_id: 'perm_2' } "
                "permissions { name: 'DOCS.write' candidate_id: 'perm_3' }"))
      .then({kWrite, changed("connected_ids: 'perm_2' disconnected_ids: 'perm_1'")})
      .with_data("[" + kWriteJson + "]");
}

TEST(SetRolePermissions, AnswersInTheOrderOfSlugs) {
  given({kWorkspace, kRead, kWrite, "role_created { role_id: 'role_1' name: 'Editor' permission_ids: 'perm_2' }"})
      .when(set("permissions { name: 'docs.write' } permissions { name: 'docs.read' }"))
      .then({changed("connected_ids: 'perm_1'")})
      .with_data("[" + kReadJson + "," + kWriteJson + "]");
}

TEST(SetRolePermissions, ClearsThem) {
  given({kWorkspace, kRead, kRole}).when(set("")).then({changed("disconnected_ids: 'perm_1'")}).with_data("[]");
}

TEST(SetRolePermissions, OfAnEqualSetIsNoEvent) {
  given({kWorkspace, kRead, kRole})
      .when(set("permissions { name: 'DOCS.READ' }"))
      .then({})
      .with_data("[" + kReadJson + "]");
}

TEST(SetRolePermissions, OfADeletedAndRecreatedSlugConnectsTheNewOneAlone) {
  given({kWorkspace, kRead, kRole, "permission_deleted { permission_id: 'perm_1' }",
         "permission_created { permission_id: 'perm_9' name: 'again' slug: 'docs.read' }"})
      .when(set("permissions { name: 'docs.read' }"))
      .then({changed("connected_ids: 'perm_9' disconnected_ids: 'perm_1'")})
      .with_data(R"([{"id":"perm_9","name":"again","slug":"docs.read"}])");
}

TEST(SetRolePermissions, MayNotCreateWithoutTheRight) {
  given({kWorkspace, kRead, kRole})
      .when(set("permissions { name: 'docs.write' candidate_id: 'perm_2' }"))
      .then(RejectionCode::kMayNotCreatePermissions, "docs.write");
}

TEST(SetRolePermissions, NeedTheRoleByItsId) {
  given({kWorkspace}).when(set("")).then(RejectionCode::kRoleNotFound);
  given({kWorkspace, kRead, kRole})
      .when("set_role_permissions { role_id: 'Editor' }")
      .then(RejectionCode::kRoleNotFound);
  given({kWorkspace}).and_given({kRead, kRole}, "ws_2").when(set("")).then(RejectionCode::kRoleNotFound);
}

TEST(CreateRole, MayNotCreatePermissionsWithoutTheRight) {
  const std::string known = "create_role { role_id: 'role_2' name: 'r' permissions { name: 'docs.read' } }";
  given({kWorkspace, kRead})
      .when(known)
      .then({"role_created { role_id: 'role_2' name: 'r' permission_ids: 'perm_1' }"});
  given({kWorkspace}).when(known).then(RejectionCode::kMayNotCreatePermissions, "docs.read");
}

}  // namespace
}  // namespace keyfold::actors::testing
