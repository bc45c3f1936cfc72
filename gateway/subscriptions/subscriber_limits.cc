#include "gateway/subscriptions/subscriber_limits.h"

#include <utility>

namespace keyfold::subscriptions {

Seat::Seat(Seat&& other) noexcept
    : limits_(std::exchange(other.limits_, nullptr)), workspace_id_(std::move(other.workspace_id_)) {}

void Seat::leave() {
  if (auto* const limits = std::exchange(limits_, nullptr)) limits->leave(workspace_id_);
}

tl::expected<Seat, SubscriberLimits::Full> SubscriberLimits::enter(const std::string& workspace_id) {
  const std::lock_guard lock(mutex_);
  if (seated_ >= subscribers_max_) return tl::unexpected(Full::kServer);
  auto& of_workspace = by_workspace_[workspace_id];  // never left empty: the limit is at least 1
  if (of_workspace >= per_workspace_max_) return tl::unexpected(Full::kWorkspace);
  ++of_workspace;
  ++seated_;
  return Seat(*this, workspace_id);
}

void SubscriberLimits::leave(const std::string& workspace_id) {
  const std::lock_guard lock(mutex_);
  const auto found = by_workspace_.find(workspace_id);
  if (--found->second == 0) by_workspace_.erase(found);
  --seated_;
}

std::size_t SubscriberLimits::seated() const {
  const std::lock_guard lock(mutex_);
  return seated_;
}

}  // namespace keyfold::subscriptions
