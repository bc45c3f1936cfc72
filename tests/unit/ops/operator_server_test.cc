#include "ops/cli/operator_server.h"

#include <httplib.h>

#include "ops/cli/operator_client.h"
#include "ops/cli/settings.h"
#include "tests/unit/ops/node_fixture.h"

namespace keyfold::ops {
namespace {

class Operator : public testing::NodeFixture {
 protected:
  Operator() : node(open()), server({node->log(), node->projections(), metrics, node->usage_log()}) {
    EXPECT_TRUE(bootstrap(*node));
    EXPECT_TRUE(server.start("127.0.0.1", 0));
  }
  [[nodiscard]] std::string url() const { return to_url("127.0.0.1", server.port()); }
  [[nodiscard]] httplib::Response get(const std::string& path) const {
    const auto result = httplib::Client(url()).Get(path);
    if (result) return result.value();
    ADD_FAILURE() << path << ": " << httplib::to_string(result.error());
    return {};
  }

  std::unique_ptr<Node> node;
  api::Metrics metrics;
  OperatorServer server;
};

TEST_F(Operator, IsReadyOnlyWhenItWasToldSo) {
  EXPECT_EQ(get("/health/ready").status, 503);
  server.become_ready();
  EXPECT_EQ(get("/health/ready").status, 200);
  server.become_unready();
  EXPECT_EQ(get("/health/ready").status, 503);
  EXPECT_EQ(get("/health/live").status, 200);
}

TEST_F(Operator, AnswersTheMetricsOfTheApi) {
  metrics.observe(metrics.add_route("/v2/x"), 200, 1'000);
  const auto response = get("/metrics");
  EXPECT_EQ(response.get_header_value("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_NE(response.body.find("keyfold_http_requests_total{route=\"/v2/x\",status=\"200\"} 1"), std::string::npos)
      << response.body;
}

TEST_F(Operator, AnswersTheDigestsOfTheReadModels) {
  std::string expected;
  const auto digests = node->projections().digest().value();
  for (const auto& digest : digests) expected += digest.to_string() + "\n";
  EXPECT_EQ(OperatorClient(url()).digest().value(), expected);
}

TEST_F(Operator, AnswersEventsInPages) {
  const OperatorClient client(url());
  ASSERT_EQ(client.partitions().value(), 4u);
  for (events::PartitionId partition = 0; partition < 4; ++partition) {
    events::Sequence next = 0;
    while (true) {
      const auto page = client.events(partition, next, 1).value();
      EXPECT_LE(page.next, next + 1);
      EXPECT_EQ(page.lines.empty(), page.next == next);
      if (page.next == next) break;
      next = page.next;
    }
    EXPECT_EQ(next, node->log().tail(partition).next);
  }
}

TEST_F(Operator, RefusesAPageThatIsTooLarge) {
  EXPECT_EQ(get("/events?limit=1001").status, 400);
  EXPECT_EQ(get("/events?limit=0").status, 400);
  EXPECT_EQ(get("/events?limit=1000").status, 200);
}

TEST_F(Operator, RefusesNumbersThatAreNone) {
  EXPECT_EQ(get("/events?from=x").status, 400);
  EXPECT_EQ(get("/events?from=-1").status, 400);
  EXPECT_EQ(get("/events?partition=").status, 400);
}

TEST_F(Operator, KnowsNoPartitionBeyondTheLast) { EXPECT_EQ(get("/events?partition=4").status, 404); }

TEST_F(Operator, AnswersUsageInPages) {
  v1::Verification verification;
  verification.set_key_id("key_1");
  verification.set_time_ms(5);
  for (int batch = 0; batch < 2; ++batch) {
    node->usage().record(verification);
    node->usage().flush();
  }
  const OperatorClient client(url());
  const auto first = client.usage(0, 1).value();
  EXPECT_EQ(first.next, 1u);
  EXPECT_EQ(first.lines,
            "{\"sequence\":0,\"type\":\"Verification\",\"payload\":{\"timeMs\":\"5\",\"keyId\":\"key_1\"}}\n");
  EXPECT_EQ(client.usage(1, 10).value().next, 2u);
  EXPECT_EQ(client.usage(2, 10).value().lines, "");
  EXPECT_EQ(get("/usage?limit=1001").status, 400);
  EXPECT_EQ(get("/usage?from=x").status, 400);
}

TEST_F(Operator, AnswersItsVersion) { EXPECT_EQ(get("/version").body.find("{\"version\":\""), 0u); }

TEST_F(Operator, RefusesAPortThatIsTaken) {
  OperatorServer second({node->log(), node->projections(), metrics, node->usage_log()});
  const Status status = second.start("127.0.0.1", server.port());
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kIo);
}

}  // namespace
}  // namespace keyfold::ops
