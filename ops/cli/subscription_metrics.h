#pragma once

#include <memory>

#include "gateway/subscriptions/hub.h"

namespace prometheus {
class Collectable;
}

namespace keyfold::ops {

/// Metrics of the subscribers to events, gathered when they are asked for. The hub outlives the result. Thread-safe.
[[nodiscard]] std::shared_ptr<prometheus::Collectable> make_subscription_metrics(const subscriptions::Hub& hub);

}  // namespace keyfold::ops
