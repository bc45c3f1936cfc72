#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/unit/api/api_fixture.h"

namespace keyfold::api::testing {
namespace {

class Ratelimit : public ::testing::Test {
 protected:
  nlohmann::json limit(const std::string& identifier, std::int64_t most, const HeaderList& more = {}) {
    return server_.post("/v2/ratelimit.limit",
                        {{"namespace", "mail"}, {"identifier", identifier}, {"limit", most}, {"duration", 60'000}},
                        root_, more);
  }
  /// What is on the usage stream.
  v1::UsageBatch recorded() {
    server_.usage->flush();
    v1::UsageBatch all;
    EXPECT_TRUE(
        server_.usage_log->read(server_.usage_log->first(), 1'000, [&](events::Sequence, const v1::UsageBatch& batch) {
          all.MergeFrom(batch);
          return true;
        }));
    return all;
  }

  ApiFixture server_;
  std::string root_ = server_.make_root_key("ws_1", {"administrator"});
};

TEST_F(Ratelimit, RecordsEachDecision) {
  const auto first = limit("ann", 1);
  (void)limit("ann", 1);
  const v1::UsageBatch usage = recorded();
  ASSERT_EQ(usage.ratelimit_decisions_size(), 2);
  const v1::RatelimitDecision& passed = usage.ratelimit_decisions(0);
  EXPECT_EQ(passed.request_id(), first["meta"]["requestId"]);
  EXPECT_EQ(passed.time_ms(), server_.clock.now_ms());
  EXPECT_EQ(passed.workspace_id(), "ws_1");
  EXPECT_EQ(passed.namespace_id().substr(0, 5), "rlns_");
  EXPECT_EQ(passed.identifier(), "ann");
  EXPECT_TRUE(passed.passed());
  EXPECT_EQ(passed.limit(), 1);
  EXPECT_EQ(passed.remaining(), 0);
  EXPECT_EQ(passed.reset_ms(), first["data"]["reset"]);
  EXPECT_EQ(passed.tokens(), 1);
  EXPECT_EQ(passed.duration_ms(), 60'000);
  EXPECT_FALSE(usage.ratelimit_decisions(1).passed());
}

TEST_F(Ratelimit, RecordsNothingForWhoeverDisablesMetrics) {
  EXPECT_EQ(limit("ann", 9, {{"X-Unkey-Metrics", "disabled"}})["data"]["remaining"], 8);
  EXPECT_EQ(recorded().ratelimit_decisions_size(), 0);
  EXPECT_EQ(limit("ann", 9, {{"X-Unkey-Metrics", "anything"}})["data"]["remaining"], 7);
  EXPECT_EQ(recorded().ratelimit_decisions_size(), 1);
}

TEST_F(Ratelimit, CountsDecisionsByOutcome) {
  for (int i = 0; i < 3; ++i) (void)limit("ann", 1);
  const std::string text = server_.metrics->render();
  EXPECT_NE(text.find("keyfold_ratelimit_decisions_total{outcome=\"passed\"} 1\n"), std::string::npos);
  EXPECT_NE(text.find("keyfold_ratelimit_decisions_total{outcome=\"denied\"} 2\n"), std::string::npos);
}

TEST_F(Ratelimit, AsksNoActorOnceTheNamespaceExists) {
  (void)limit("ann", 9);
  const auto before = server_.runtime->stats();
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(limit("ann", 9)["data"]["success"]);
  EXPECT_EQ(server_.runtime->stats().accepted, before.accepted);
}

TEST_F(Ratelimit, AdmitsExactlyTheLimitAlsoWhileItsNamespaceIsMade) {
  constexpr int kThreads = 8;
  constexpr int kCalls = 20;
  constexpr int kLimit = 50;
  std::atomic<int> admitted{0};
  std::atomic<int> denied{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&] {
      for (int call = 0; call < kCalls; ++call) {
        const auto answer = limit("ann", kLimit);
        ++(answer["data"].value("success", false) ? admitted : denied);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(admitted, kLimit);
  EXPECT_EQ(denied, kThreads * kCalls - kLimit);
  const auto namespaces = server_.post("/v2/ratelimit.listNamespaces", nlohmann::json::object(), root_);
  EXPECT_EQ(namespaces["data"].size(), 1U);
}

}  // namespace
}  // namespace keyfold::api::testing
