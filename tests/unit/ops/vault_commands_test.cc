#include "ops/cli/vault_commands.h"

#include <httplib.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "ops/cli/service.h"
#include "schemas/base/encoding.h"
#include "tests/unit/ops/node_fixture.h"

namespace keyfold::ops {
namespace {

std::string master_key(char fill) { return to_base64(std::string(32, fill)); }

/// A server in this process and the commands that ask it.
class VaultCommands : public testing::NodeFixture {
 protected:
  VaultCommands() {
    config.mutable_server()->set_port(0);
    config.mutable_vault()->set_master_key(master_key('a'));
  }
  ~VaultCommands() override { stop(); }

  void start() {
    auto opened = Service::open(config);
    ASSERT_TRUE(opened) << opened.error().to_string();
    service_ = *std::move(opened);
    ASSERT_TRUE(service_->announce());
  }
  void stop() {
    if (service_) {
      EXPECT_TRUE(service_->stop());
    }
    service_.reset();
  }
  /// Data keys of a stopped directory, one for each of the rings.
  void seal_in(std::initializer_list<std::string> rings) {
    const auto node = open();
    for (const std::string& ring : rings) ASSERT_TRUE(node->vault().seal({ring, "key", "key_1"}, "secret"));
    ASSERT_TRUE(node->close());
  }
  void change_master_key(char to, const std::string& previous) {
    config.mutable_vault()->set_master_key(master_key(to));
    config.mutable_vault()->set_previous_master_key(previous);
  }
  std::string run(const std::function<Status(const v1::Config&, std::ostream&)>& command) {
    std::ostringstream out;
    const Status done = command(config, out);
    return out.str() + (done ? "" : "failed: " + done.error().to_string());
  }
  std::string status() { return run(vault_status); }
  std::string rotate(const std::string& ring = "") {
    return run([&ring](const v1::Config& to, std::ostream& out) { return rotate_data(to, ring, out); });
  }
  [[nodiscard]] httplib::Response ask(const std::string& method, const std::string& path,
                                      const httplib::Headers& with) {
    httplib::Client client(service_->operator_address());
    const auto result = method == "GET" ? client.Get(path) : client.Post(path, with, "", "text/plain");
    if (result) return result.value();
    ADD_FAILURE() << path << ": " << httplib::to_string(result.error());
    return {};
  }

  std::unique_ptr<Service> service_;
};

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_F(VaultCommands, NeedARunningServer) {
  seal_in({"ws_1"});
  EXPECT_TRUE(contains(status(), "no server runs on this data directory")) << status();
  EXPECT_TRUE(contains(rotate(), "no server runs on this data directory"));
  EXPECT_TRUE(contains(run(rotate_master), "no server runs on this data directory"));
}

/// Beside the rings' data keys there is always the one that signs the audit logs.
TEST_F(VaultCommands, ReplaceTheMasterKeyWhileServing) {
  seal_in({"ws_1", "ws_2"});
  change_master_key('b', master_key('a'));
  start();
  EXPECT_TRUE(contains(status(), "data keys: 3, wrapped by previous master keys: 3\n")) << status();
  EXPECT_TRUE(contains(run(rotate_master), "data keys wrapped: 3, left: 0\n"));
  EXPECT_TRUE(contains(run(rotate_master), "data keys wrapped: 0, left: 0\n")) << "a repeat finds nothing";
  EXPECT_TRUE(contains(status(), "wrapped by previous master keys: 0\n")) << status();
  stop();
  change_master_key('b', "");
  const auto node = open();
  ASSERT_TRUE(node);
  EXPECT_TRUE(node->vault().seal({"ws_1", "key", "key_1"}, "more"));
}

TEST_F(VaultCommands, RefuseToStartWithoutAMasterKeyThatIsNeeded) {
  seal_in({"ws_1"});
  change_master_key('b', master_key('a'));
  ASSERT_TRUE(open());  // which also signs the log's checkpoint anew
  change_master_key('b', "");
  const auto refused = Service::open(config);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_TRUE(contains(refused.error().what, "2 data keys are wrapped by a master key that is not configured"));
  EXPECT_TRUE(contains(refused.error().hint, "keyfold vault rotate-master")) << refused.error().hint;
}

TEST_F(VaultCommands, KeepTheLogsCheckpointAuthenticThroughoutARotation) {
  make_directory();
  change_master_key('b', "");
  EXPECT_TRUE(contains(Node::open(config).error().what, "checkpoint is not authentic"));
  change_master_key('b', master_key('a'));
  EXPECT_TRUE(open_read_log(config)) << "before a writer has signed it anew";
  {
    const auto node = open();
    ASSERT_TRUE(node);
    ASSERT_TRUE(node->vault().rewrap(10));
  }
  change_master_key('b', "");
  EXPECT_TRUE(open()) << "it is signed by the new master key";
  change_master_key('a', "");
  EXPECT_FALSE(Node::open(config)) << "and not by the old one";
}

TEST_F(VaultCommands, TakeThePreviousMasterKeyFromAFile) {
  config.mutable_vault()->clear_master_key();
  seal_in({"ws_1"});
  const auto data = directory / "data";
  std::filesystem::rename(data / "master.key", data / "master.key.old");
  std::ofstream(data / "master.key") << master_key('b') << "\n";
  ASSERT_EQ(::chmod((data / "master.key").c_str(), 0600), 0);
  config.mutable_vault()->set_previous_master_key_file(data / "master.key.old");
  start();
  EXPECT_TRUE(contains(run(rotate_master), "left: 0\n"));
  stop();
  std::filesystem::remove(data / "master.key.old");
  EXPECT_TRUE(contains(Node::open(config).error().hint, "previous_master_key_file"));
  config.mutable_vault()->clear_previous_master_key_file();
  EXPECT_TRUE(open());
}

TEST_F(VaultCommands, RotateDataKeysAndDestroyThoseThatNothingNeeds) {
  seal_in({"ws_1", "ws_2", "idempotency"});
  start();
  EXPECT_TRUE(contains(rotate("ws_1"), "rings with a new data key: 1, left: 0\n"));
  EXPECT_TRUE(contains(rotate(), "rings with a new data key: 3, left: 0\n"));
  EXPECT_TRUE(contains(status(), "data keys: 4, ")) << status();
  EXPECT_TRUE(contains(status(), "superseded data keys: 0, secrets under them: 0\n")) << status();
  EXPECT_TRUE(contains(rotate("ws_unknown"), "failed: ")) << "a ring without a data key";
}

TEST_F(VaultCommands, TakeChangesOnlyFromWhoCanSendAHeader) {
  seal_in({"ws_1"});
  start();
  EXPECT_EQ(ask("POST", "/vault/rotate", {}).status, 403);
  EXPECT_EQ(ask("POST", "/vault/rewrap", {}).status, 403);
  EXPECT_EQ(ask("GET", "/vault/rotate", {}).status, 404);
  EXPECT_EQ(ask("POST", "/vault/rotate?before=x", {{"X-Keyfold-Operator", "test"}}).status, 400);
  EXPECT_EQ(ask("POST", "/vault/rotate?ring=no", {{"X-Keyfold-Operator", "test"}}).status, 404);
  EXPECT_EQ(ask("POST", "/vault/rotate?ring=ws_1", {{"X-Keyfold-Operator", "test"}}).status, 200);
}

TEST_F(VaultCommands, TellMetricsWhatTheyDid) {
  seal_in({"ws_1"});
  start();
  EXPECT_TRUE(contains(rotate("ws_1"), "left: 0\n"));
  const std::string metrics = ask("GET", "/metrics", {}).body;
  EXPECT_TRUE(contains(metrics, "keyfold_vault_data_keys_total{event=\"made\"} 1\n")) << metrics;
  EXPECT_TRUE(contains(metrics, "keyfold_vault_data_keys_total{event=\"destroyed\"} 1\n")) << metrics;
  EXPECT_TRUE(contains(metrics, "keyfold_refill_failures_total 0\n")) << metrics;
}

}  // namespace
}  // namespace keyfold::ops
