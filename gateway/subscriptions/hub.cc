#include "gateway/subscriptions/hub.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "gateway/subscriptions/event_text.h"
#include "gateway/subscriptions/start_time.h"

namespace keyfold::subscriptions {
namespace {

constexpr int kReaders = 2;
constexpr std::size_t kWaitingMax = 10'000;

std::int64_t steady_ms() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}  // namespace

Hub::Hub(const events::Log& log, const projections::Projections& projections, HubOptions options)
    : log_(log),
      projections_(projections),
      options_(options),
      limits_(options.subscribers_max, options.subscribers_per_workspace_max),
      readers_(std::in_place, kReaders, 2 * options.subscribers_max),  // each has one job; some have just left
      waiting_(std::in_place, 1, kWaitingMax) {
  for (events::PartitionId partition = 0; partition < projections.partitions(); ++partition) {
    feeds_.push_back(std::make_unique<Feed>(log, projections, partition, options.feed, events_sent_));
  }
}

Hub::~Hub() { stop(); }

void Hub::stop() {
  is_ending_ = true;
  waiting_.reset();
  readers_.reset();
  for (const auto& feed : feeds_) feed->stop();  // all at once
  feeds_.clear();
}

events::PartitionId Hub::partition_of(const Subscription& subscription) const {
  return events::partition_of(subscription.filter.workspace_id, projections_.partitions());
}

Feed& Hub::feed_of(const Subscription& subscription) { return *feeds_[partition_of(subscription)]; }

void Hub::subscribe(events::EventFilter filter, Start start, std::shared_ptr<Subscriber> subscriber, Seat seat,
                    http::Completion completion) {
  auto read_on = [this](SharedSubscription subscription) { read_later(std::move(subscription)); };
  auto subscription = std::make_shared<Subscription>(std::move(filter), start, std::move(subscriber), std::move(seat),
                                                     std::move(read_on), ended_);
  const auto opening = std::make_shared<Opening>(
      Opening{std::move(subscription), std::move(completion), steady_ms() + options_.position_wait_ms});
  if (!readers_->submit([this, opening] { open(opening); })) {
    opening->completion(opening->subscription->subscriber->refuse_log());
  }
}

void Hub::open(const SharedOpening& opening) {
  const auto& subscription = opening->subscription;
  const events::PartitionId partition = partition_of(*subscription);
  const events::Sequence end = projections_.next(partition);
  if (const auto* const time = std::get_if<FromTime>(&subscription->start)) {
    const auto found = first_at_or_after(log_, partition, end, time->ms);
    if (!found) {
      spdlog::error("a subscription is refused: {}", found.error().to_string());
      return opening->completion(subscription->subscriber->refuse_log());
    }
    subscription->next = *found;
  } else {
    subscription->next = std::get<events::Sequence>(subscription->start);
    if (subscription->next > end) {
      const bool waits = steady_ms() < opening->give_up_ms && !is_ending_ &&
                         waiting_->submit([this, opening] { open_when_reached(opening); });
      if (!waits) opening->completion(subscription->subscriber->refuse_position());
      return;
    }
  }
  subscription->open(std::move(opening->completion));
  subscription->count(0, kPreamble.size(), steady_ms());
  static const http::SharedText kText = http::share_text(kPreamble);
  subscription->stream().write(kText);
  feed_of(*subscription).add(subscription);
  read(subscription);
}

// One after the other, but none longer than it may take in all: whoever waits for what never comes holds up the others
// no longer than that.
void Hub::open_when_reached(const SharedOpening& opening) {
  const auto& subscription = *opening->subscription;
  const events::Position last_missing{partition_of(subscription), subscription.next - 1};
  const std::int64_t patience_ms = std::max<std::int64_t>(opening->give_up_ms - steady_ms(), 0);
  if (!is_ending_ && projections_.wait(last_missing, patience_ms)) return open(opening);
  opening->completion(subscription.subscriber->refuse_position());
}

void Hub::read(const SharedSubscription& subscription) {
  if (is_ending_) return;
  if (feed_of(*subscription).read(*subscription) != Feed::Read::kPage) return;
  if (subscription->may_read_on()) read_later(subscription);
}

void Hub::read_later(SharedSubscription subscription) {
  const auto again = [this, subscription] { read(subscription); };
  if (is_ending_ || readers_->submit(again)) return;
  http::StreamBatch batch;
  subscription->cut(batch, End::kLogError);
  batch.send();
}

Hub::Stats Hub::stats() const {
  Stats stats{limits_.seated(), events_sent_, {}};
  std::copy(ended_.begin(), ended_.end(), stats.ended.begin());
  return stats;
}

}  // namespace keyfold::subscriptions
