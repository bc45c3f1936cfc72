#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "events/log.h"
#include "gateway/subscriptions/subscription.h"
#include "projections/projections.h"

namespace keyfold::subscriptions {

struct FeedOptions {
  std::size_t buffer_bytes_max = 256UL * 1024;  // unsent of a live subscriber; above, it is ended
  std::int64_t heartbeat_ms = 15'000;           // after which a stream that said nothing says that it is there
  std::int64_t check_interval_ms = 1'000;       // of looking after all of them
};

/// One partition's events, live: a thread follows the log as far as the read models are, renders each event once, and
/// writes it to every live subscriber that wants it, so that a change can be read by who is told of it. Keeps the last
/// public events for those who come from the past. Heartbeats and the right to listen are looked after once a second.
/// Without subscribers it reads nothing. Thread-safe.
class Feed {
 public:
  Feed(const events::Log& log, const projections::Projections& projections, events::PartitionId partition,
       FeedOptions options, std::atomic<std::uint64_t>& events_sent);
  ~Feed();
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

  /// Reads nothing any more; the destructor waits for it.
  void stop();
  /// Looks after an open subscription from now on.
  void add(const SharedSubscription& subscription);

  enum class Read : std::uint8_t {
    kLive,   // it has everything so far; what follows comes by itself
    kPage,   // something was written; more is to be read when that has been sent
    kOver,   // the subscription has ended
    kError,  // the log can't be read; the subscription has been ended
  };
  /// For a subscription that is not live, by one worker at a time: writes the next page of what it wants, which may
  /// be empty, and lets it join when it has caught up. Reads at most 512 records; may block.
  [[nodiscard]] Read read(Subscription& subscription);

 private:
  using Subscriptions = std::vector<SharedSubscription>;

  /// A public event that was broadcast.
  struct Recent {
    events::Sequence sequence = 0;
    std::unique_ptr<const events::Event> event;
    std::size_t bytes = 0;  // of the record
    http::SharedText text;  // made when somebody wants it
  };

  void run();
  [[nodiscard]] Status follow();
  [[nodiscard]] Result<events::Sequence> read_new(events::Sequence end, std::vector<Recent>& found) const;
  void broadcast(Recent& recent, http::StreamBatch& batch);
  void offer(Subscription& subscription, Recent& recent, http::StreamBatch& batch);
  [[nodiscard]] const http::SharedText& text_of(Recent& recent) const;
  void remember(Recent recent);
  [[nodiscard]] bool join(Subscription& subscription, http::StreamBatch& batch);
  [[nodiscard]] Read read_log(Subscription& subscription);
  void look_after();
  void look_after(Subscription& subscription, std::int64_t now_ms, http::StreamBatch& batch) const;
  void end_all();

  const events::Log& log_;
  const projections::Projections& projections_;
  const events::PartitionId partition_;
  const FeedOptions options_;
  std::atomic<std::uint64_t>& events_sent_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_ending_ = false;
  bool is_idle_ = true;  // has no subscribers, and reads nothing
  std::unordered_map<std::string, std::vector<SharedSubscription>> by_workspace_;
  events::Sequence head_ = 0;  // events below it have been broadcast
  std::deque<Recent> recent_;  // the public events of [recent_begin_, head_)
  events::Sequence recent_begin_ = 0;
  std::size_t recent_bytes_ = 0;
  std::thread thread_;  // from the first subscriber on
};

}  // namespace keyfold::subscriptions
