#include <gtest/gtest.h>

#include "schemas/base/hash.h"
#include "tests/unit/api/api_fixture.h"

namespace keyfold::api::testing {
namespace {

constexpr const char* kLimitHeaders[] = {"ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"};

/// A workspace `ws_1` with a root key, limited by an operator of another one.
class WorkspaceLimit : public ::testing::Test {
 protected:
  void update(const nlohmann::json& members) {
    nlohmann::json body{{"workspaceId", "ws_1"}};
    body.update(members);
    EXPECT_EQ(server_.post("/v2/workspaces.updateWorkspace", body, operator_)["data"], nlohmann::json::object());
  }
  Reply ask(const std::string& path = "/v2/apis.getApi", const std::string& body = R"({"apiId":"api_absent"})") {
    return server_.send("POST", path, {{"Authorization", "Bearer " + tenant_}, {"Content-Type", "application/json"}},
                        body);
  }

  ApiFixture server_;
  std::string tenant_ = server_.make_root_key("ws_1", {"administrator"});
  std::string operator_ = server_.make_root_key("ws_operator", {"workspace.*.update_workspace"});
};

TEST_F(WorkspaceLimit, IsToldWithEveryAnswerWhileThereIsOne) {
  EXPECT_FALSE(ask().headers.contains("ratelimit-limit"));
  update({{"requestsPerMinute", 3}});
  // The clock of the fixture is 20 s before the end of its minute.
  const Reply refused = ask();
  EXPECT_EQ(refused.status, 404);
  EXPECT_EQ(refused.headers.at("ratelimit-limit"), "3");
  EXPECT_EQ(refused.headers.at("ratelimit-remaining"), "2");
  EXPECT_EQ(refused.headers.at("ratelimit-reset"), "20");
  EXPECT_FALSE(refused.headers.contains("retry-after"));
  const Reply verified = ask("/v2/keys.verifyKey", R"({"key":"unknown"})");
  EXPECT_EQ(verified.status, 200);
  EXPECT_EQ(verified.headers.at("ratelimit-remaining"), "1");
  const Reply changed = ask("/v2/apis.createApi", R"({"name":"made"})");
  EXPECT_EQ(changed.status, 200);
  EXPECT_EQ(changed.headers.at("ratelimit-remaining"), "0");
  server_.clock.advance_ms(500);
  const Reply above = ask();
  EXPECT_EQ(above.status, 429);
  EXPECT_EQ(above.headers.at("ratelimit-remaining"), "0");
  EXPECT_EQ(above.headers.at("ratelimit-reset"), "20");
  EXPECT_EQ(above.headers.at("retry-after"), "20");
  update({{"requestsPerMinute", nullptr}});
  EXPECT_FALSE(ask().headers.contains("ratelimit-limit"));
}

TEST_F(WorkspaceLimit, OfZeroRefusesWithoutHeaders) {
  update({{"requestsPerMinute", 0}});
  const Reply refused = ask();
  EXPECT_EQ(refused.status, 429);
  for (const char* header : kLimitHeaders) EXPECT_FALSE(refused.headers.contains(header)) << header;
}

TEST_F(WorkspaceLimit, CountsNoRequestThatWasNotAuthenticated) {
  update({{"requestsPerMinute", 2}});
  EXPECT_EQ(ask("/v2/apis.getApi", "{}").status, 400);
  EXPECT_EQ(server_.post("/v2/apis.getApi", {{"apiId", "api_absent"}}, "unknown")["error"]["status"], 401);
  // Larger than what strangers may send, so that the credentials are looked at twice.
  const std::string large = R"({"apiId":")" + std::string(80'000, 'x') + R"("})";
  EXPECT_EQ(ask("/v2/apis.getApi", large).status, 400);
  EXPECT_EQ(ask().headers.at("ratelimit-remaining"), "1");
}

TEST_F(WorkspaceLimit, ShutsNobodyOutWhenThereIsNoRoomForItsCounter) {
  update({{"requestsPerMinute", 5}});
  for (int i = 0; i < 100'000; ++i) {
    const std::string counter = std::to_string(i);
    const projections::WindowCheck check{counter, 9, 1'000'000'000};
    (void)server_.windows->check({&check, 1}, server_.clock.now_ms());
  }
  const Reply answered = ask();
  EXPECT_EQ(answered.status, 404);
  EXPECT_FALSE(answered.headers.contains("ratelimit-limit"));
}

TEST_F(WorkspaceLimit, IsCountedAlsoForRequestsThatRunOnAnotherThread) {
  update({{"requestsPerMinute", 2}});
  EXPECT_EQ(ask("/v2/ratelimit.listNamespaces", "{}").headers.at("ratelimit-remaining"), "1");
}

TEST_F(WorkspaceLimit, StandsAgainAfterARestart) {
  update({{"requestsPerMinute", 1}});
  server_.restart();
  EXPECT_EQ(ask().status, 404);
  EXPECT_EQ(ask().status, 429);
}

TEST_F(WorkspaceLimit, ARootKeyOfAWorkspaceThatIsMissingFindsNone) {
  const Digest hash = sha256(std::string_view("orphan"));
  std::string escaped;
  for (const auto byte : hash) {
    char text[5];
    std::snprintf(text, sizeof text, "\\x%02x", byte);
    escaped += text;
  }
  server_.restart_after("ws_absent", "root_key_created { root_key_id: 'rk_orphan' workspace_id: 'ws_absent' hash: \"" +
                                         escaped + "\" permissions: 'administrator' }");
  const auto answer = server_.post("/v2/apis.createApi", {{"name", "lost"}}, "orphan");
  EXPECT_EQ(answer["error"]["type"], "https://unkey.com/docs/errors/unkey/data/workspace_not_found");
}

}  // namespace
}  // namespace keyfold::api::testing
