#include "ops/cli/bootstrap.h"

#include <sstream>

#include "actors/submit.h"
#include "ops/cli/serve.h"
#include "schemas/base/hash.h"
#include "tests/unit/ops/node_fixture.h"

namespace keyfold::ops {
namespace {

using Bootstrap = testing::NodeFixture;

TEST_F(Bootstrap, MakesARootKeyWithEveryPermission) {
  const auto node = open();
  const auto made = bootstrap(*node);
  ASSERT_TRUE(made);
  const auto root_key = node->projections().root_keys().find(sha256(made->root_key));
  ASSERT_TRUE(root_key);
  EXPECT_EQ(root_key->workspace_id, made->workspace_id);
  const std::vector<std::string> permissions = {"administrator",
                                                "audit.*.read_entries",
                                                "workspace.*.create_workspace",
                                                "workspace.*.manage_root_keys",
                                                "workspace.*.read_workspace",
                                                "workspace.*.update_workspace"};
  EXPECT_EQ(root_key->permissions, permissions);
}

TEST_F(Bootstrap, MakesNothingTheSecondTime) {
  const auto node = open();
  ASSERT_TRUE(bootstrap(*node));
  EXPECT_FALSE(bootstrap(*node));
}

TEST_F(Bootstrap, MakesNothingAfterARestart) {
  make_directory();
  EXPECT_FALSE(bootstrap(*open()));
}

TEST_F(Bootstrap, FinishesOneThatWasCutOffAfterTheWorkspace) {
  const auto node = open();
  v1::Command command;
  command.set_workspace_id("ws_begun");
  command.mutable_create_workspace()->set_workspace_id("ws_begun");
  command.mutable_create_workspace()->set_name("begun");
  ASSERT_TRUE(actors::submit(node->runtime(), std::move(command)).get());
  const auto made = bootstrap(*node);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->workspace_id, "ws_begun");
}

TEST_F(Bootstrap, CommandPrintsTheSecretOnceOnly) {
  std::ostringstream first;
  std::ostringstream second;
  ASSERT_TRUE(bootstrap_directory(config, "first", first));
  ASSERT_TRUE(bootstrap_directory(config, "first", second));
  EXPECT_NE(first.str().find("workspace: ws_"), std::string::npos) << first.str();
  EXPECT_NE(first.str().find("root key: unkey_"), std::string::npos) << first.str();
  EXPECT_EQ(second.str().find("unkey_"), std::string::npos) << second.str();
}

TEST_F(Bootstrap, RefusesADirectoryThatAnotherProcessHolds) {
  const auto node = open();
  std::ostringstream out;
  const Status status = bootstrap_directory(config, "first", out);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kFailedPrecondition);
}

TEST_F(Bootstrap, MakesAMasterKeyThatOnlyItsOwnerMayRead) {
  make_directory();
  const auto permissions = std::filesystem::status(directory / "data" / "master.key").permissions();
  EXPECT_EQ(permissions, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(Bootstrap, NeverMakesASecondMasterKeyForALog) {
  make_directory();
  std::filesystem::remove(directory / "data" / "master.key");
  const auto node = Node::open(config);
  ASSERT_FALSE(node);
  EXPECT_EQ(node.error().what, "the log exists, but its master key file is missing");
  EXPECT_FALSE(std::filesystem::exists(directory / "data" / "master.key"));
}

}  // namespace
}  // namespace keyfold::ops
