#include "gateway/api/metrics.h"

#include <gtest/gtest.h>
#include <prometheus/client_metric.h>
#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>
#include <prometheus/metric_type.h>

#include <thread>
#include <vector>

namespace keyfold::api {
namespace {

void expect_line(const Metrics& metrics, const std::string& line) {
  const std::string text = metrics.render();
  EXPECT_NE(text.find(line + "\n"), std::string::npos) << "no line " << line << " in\n" << text;
}

TEST(Metrics, CountRequestsByRouteAndStatus) {
  Metrics metrics;
  const auto route = metrics.add_route("/v2/a");
  metrics.observe(route, 200, 1);
  metrics.observe(route, 200, 1);
  metrics.observe(route, 404, 1);
  metrics.observe(metrics.add_route("/v2/b"), 200, 1);
  expect_line(metrics, R"(keyfold_http_requests_total{route="/v2/a",status="200"} 2)");
  expect_line(metrics, R"(keyfold_http_requests_total{route="/v2/a",status="404"} 1)");
  expect_line(metrics, R"(keyfold_http_requests_total{route="/v2/b",status="200"} 1)");
}

TEST(Metrics, CountAnUncommonStatusAsOther) {
  Metrics metrics;
  metrics.observe(metrics.add_route("/v2/a"), 418, 1);
  expect_line(metrics, R"(keyfold_http_requests_total{route="/v2/a",status="other"} 1)");
}

TEST(Metrics, PutDurationsIntoCumulativeBuckets) {
  Metrics metrics;
  const auto route = metrics.add_route("/v2/a");
  metrics.observe(route, 200, 50'000);          // the first bound itself
  metrics.observe(route, 200, 2'000'000);       // 2 ms
  metrics.observe(route, 200, 60'000'000'000);  // beyond the last bound
  expect_line(metrics, R"(keyfold_http_request_duration_seconds_bucket{route="/v2/a",le="5e-05"} 1)");
  expect_line(metrics, R"(keyfold_http_request_duration_seconds_bucket{route="/v2/a",le="0.001"} 1)");
  expect_line(metrics, R"(keyfold_http_request_duration_seconds_bucket{route="/v2/a",le="0.0025"} 2)");
  expect_line(metrics, R"(keyfold_http_request_duration_seconds_bucket{route="/v2/a",le="10"} 2)");
  expect_line(metrics, R"(keyfold_http_request_duration_seconds_bucket{route="/v2/a",le="+Inf"} 3)");
  expect_line(metrics, R"(keyfold_http_request_duration_seconds_count{route="/v2/a"} 3)");
}

TEST(Metrics, GiveOneRouteOneNumber) {
  Metrics metrics;
  EXPECT_EQ(metrics.add_route("/v2/a"), metrics.add_route("/v2/a"));
  EXPECT_NE(metrics.add_route("/v2/a"), metrics.add_route("/v2/b"));
}

TEST(Metrics, CountRoutesBeyondTheLimitTogether) {
  Metrics metrics;
  for (int i = 0; i < 255; ++i) metrics.add_route("/" + std::to_string(i));
  metrics.observe(metrics.add_route("/one too many"), 200, 1);
  metrics.observe(metrics.add_route("/another"), 200, 1);
  expect_line(metrics, R"(keyfold_http_requests_total{route="other",status="200"} 2)");
}

TEST(Metrics, IgnoreARouteThatWasNeverAdded) {
  Metrics metrics;
  metrics.observe(7, 200, 1);
  metrics.observe(100'000, 200, 1);
  EXPECT_EQ(metrics.render().find("keyfold_http_requests_total{"), std::string::npos);
}

TEST(Metrics, CountVerificationsByCode) {
  Metrics metrics;
  const auto valid = metrics.add_verification_code("VALID");
  metrics.add_verification_code("DISABLED");
  metrics.count_verification(valid);
  expect_line(metrics, R"(keyfold_verifications_total{code="VALID"} 1)");
  expect_line(metrics, R"(keyfold_verifications_total{code="DISABLED"} 0)");
}

TEST(Metrics, CountRatelimitDecisionsByOutcome) {
  Metrics metrics;
  metrics.count_ratelimit(RatelimitOutcome::kPassed);
  metrics.count_ratelimit(RatelimitOutcome::kPassed);
  metrics.count_ratelimit(RatelimitOutcome::kDenied);
  expect_line(metrics, R"(keyfold_ratelimit_decisions_total{outcome="passed"} 2)");
  expect_line(metrics, R"(keyfold_ratelimit_decisions_total{outcome="denied"} 1)");
}

TEST(Metrics, LoseNoCountBetweenThreads) {
  constexpr int kThreads = 12;  // more than shards
  constexpr int kRequests = 1'000;
  Metrics metrics;
  const auto route = metrics.add_route("/v2/a");
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < kRequests; ++n) metrics.observe(route, 200, n);
    });
  }
  for (auto& thread : threads) thread.join();
  expect_line(metrics, R"(keyfold_http_requests_total{route="/v2/a",status="200"} 12000)");
}

class OneGauge final : public prometheus::Collectable {
 public:
  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override {
    prometheus::ClientMetric metric;
    metric.gauge.value = 7;
    return {{"keyfold_test", "A test.", prometheus::MetricType::Gauge, {metric}}};
  }
};

TEST(Metrics, AskFurtherSources) {
  Metrics metrics;
  metrics.add(std::make_shared<OneGauge>());
  expect_line(metrics, "keyfold_test 7");
}

}  // namespace
}  // namespace keyfold::api
