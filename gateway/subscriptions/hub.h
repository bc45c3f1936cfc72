#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "gateway/subscriptions/feed.h"
#include "gateway/subscriptions/subscriber_limits.h"
#include "gateway/subscriptions/subscription.h"
#include "schemas/base/worker_pool.h"

namespace keyfold::subscriptions {

struct HubOptions {
  std::size_t subscribers_max = 20'000;
  std::size_t subscribers_per_workspace_max = 10'000;
  FeedOptions feed;
  std::int64_t position_wait_ms = 2'000;  // for a position that another node has told of and this one has not seen
};

/// All subscriptions of Server-Sent Events on this node. Subscribers hold no thread: there is one for each partition
/// that has any, and two that read what is past. Thread-safe. Outlives the listener; log and read models outlive it.
class Hub {
 public:
  Hub(const events::Log& log, const projections::Projections& projections, HubOptions options);
  ~Hub();
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  /// Ends the threads, once the listener has stopped: no subscriber is called any more. Safe to repeat.
  void stop();

  /// A place for a subscriber of the workspace, or which limit is reached.
  [[nodiscard]] tl::expected<Seat, SubscriberLimits::Full> enter(const std::string& workspace_id) {
    return limits_.enter(workspace_id);
  }
  /// Answers with a stream of what the filter matches, or as the subscriber refuses. Never blocks.
  void subscribe(events::EventFilter filter, Start start, std::shared_ptr<Subscriber> subscriber, Seat seat,
                 http::Completion completion);

  struct Stats {
    std::uint64_t subscribers = 0;                      // a gauge
    std::uint64_t events_sent = 0;                      // to each of them
    std::array<std::uint64_t, kEndNames.size()> ended;  // by End
  };
  [[nodiscard]] Stats stats() const;

 private:
  struct Opening {
    SharedSubscription subscription;
    http::Completion completion;
    std::int64_t give_up_ms = 0;  // of the steady clock
  };
  using SharedOpening = std::shared_ptr<Opening>;

  [[nodiscard]] Feed& feed_of(const Subscription& subscription);
  [[nodiscard]] events::PartitionId partition_of(const Subscription& subscription) const;
  void open(const SharedOpening& opening);
  void open_when_reached(const SharedOpening& opening);
  void read(const SharedSubscription& subscription);
  void read_later(SharedSubscription subscription);

  const events::Log& log_;
  const projections::Projections& projections_;
  const HubOptions options_;
  SubscriberLimits limits_;
  EndCounts ended_{};
  std::atomic<std::uint64_t> events_sent_{0};
  std::atomic<bool> is_ending_{false};
  std::vector<std::unique_ptr<Feed>> feeds_;  // one a partition
  std::optional<WorkerPool> readers_;
  std::optional<WorkerPool> waiting_;
};

}  // namespace keyfold::subscriptions
