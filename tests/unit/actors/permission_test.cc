#include "tests/unit/actors/scenario.h"

namespace keyfold::actors::testing {
namespace {

const std::string kWorkspace = "workspace_created { workspace_id: 'ws_1' name: 'one' }";
const std::string kRead = "permission_created { permission_id: 'perm_1' name: 'Read' slug: 'docs.read' }";
const std::string kDeleted = "permission_deleted { permission_id: 'perm_1' }";

TEST(DeletePermission, FindsItByIdOrBySlugInAnyLetterCase) {
  for (const std::string named : {"perm_1", "docs.read", "Docs.READ"}) {
    given({kWorkspace, kRead}).when("delete_permission { permission: '" + named + "' }").then({kDeleted});
  }
}

TEST(DeletePermission, FindsAnIdBeforeASlugOfTheSameText) {
  given({kWorkspace, kRead, "permission_created { permission_id: 'perm_2' name: 'n' slug: 'perm_1' }"})
      .when("delete_permission { permission: 'perm_1' }")
      .then({kDeleted});
}

TEST(DeletePermission, FindsNoneThatIsUnknownDeletedOrOfAnotherWorkspace) {
  const std::string by_id = "delete_permission { permission: 'perm_1' }";
  const std::string by_slug = "delete_permission { permission: 'docs.read' }";
  for (const std::string& command : {by_id, by_slug}) {
    given({kWorkspace}).when(command).then(RejectionCode::kPermissionNotFound);
    given({kWorkspace, kRead, kDeleted}).when(command).then(RejectionCode::kPermissionNotFound);
    given({kWorkspace}).and_given({kRead}, "ws_2").when(command).then(RejectionCode::kPermissionNotFound);
  }
}

TEST(DeletePermission, FreesTheSlugButNeverTheId) {
  Given deleted = given({kWorkspace, kRead, kDeleted});
  deleted.when("create_permission { permission_id: 'perm_2' name: 'Read' slug: 'docs.read' }")
      .then({"permission_created { permission_id: 'perm_2' name: 'Read' slug: 'docs.read' }"});
  deleted.when("create_permission { permission_id: 'perm_1' name: 'Write' slug: 'docs.write' }")
      .then(RejectionCode::kIdTaken);
  deleted
      .when(
          "create_role { role_id: 'role_1' name: 'r' may_create: true "
          "permissions { name: 'docs.write' candidate_id: 'perm_1' } }")
      .then(RejectionCode::kIdTaken);
}

}  // namespace
}  // namespace keyfold::actors::testing
