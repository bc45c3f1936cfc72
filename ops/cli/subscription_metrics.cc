#include "ops/cli/subscription_metrics.h"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include "ops/cli/process_metrics.h"

namespace keyfold::ops {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

class SubscriptionMetrics final : public prometheus::Collectable {
 public:
  explicit SubscriptionMetrics(const subscriptions::Hub& hub) : hub_(hub) {}

  [[nodiscard]] std::vector<MetricFamily> Collect() const override {
    const auto stats = hub_.stats();
    std::vector<MetricFamily> out;
    out.push_back(one_metric("keyfold_subscribers", "Open subscriptions of events.", MetricType::Gauge,
                             static_cast<double>(stats.subscribers)));
    add_counters({{"keyfold_subscription_events_total", "Events sent, to each subscriber.", stats.events_sent}}, out);
    MetricFamily ended{
        "keyfold_subscriptions_ended_total", "Subscriptions by why they are over.", MetricType::Counter, {}};
    for (std::size_t i = 0; i < stats.ended.size(); ++i) {
      add_labelled(ended, "reason", std::string(subscriptions::kEndNames[i]), static_cast<double>(stats.ended[i]));
    }
    out.push_back(std::move(ended));
    return out;
  }

 private:
  const subscriptions::Hub& hub_;
};

}  // namespace

std::shared_ptr<prometheus::Collectable> make_subscription_metrics(const subscriptions::Hub& hub) {
  return std::make_shared<SubscriptionMetrics>(hub);
}

}  // namespace keyfold::ops
