#include "gateway/subscriptions/subscription.h"

#include <utility>

#include "gateway/subscriptions/event_text.h"

namespace keyfold::subscriptions {
namespace {

const http::SharedText& last_words(End reason) {
  static const http::SharedText kSlow =
      comment("ended: events were not read fast enough; connect again with Last-Event-ID");
  static const http::SharedText kNotAllowed = comment("ended: the root key may not listen any more");
  static const http::SharedText kOther = comment("ended by the server; connect again with Last-Event-ID");
  return reason == End::kSlow ? kSlow : reason == End::kNotAllowed ? kNotAllowed : kOther;
}

End end_of(http::StreamEnd end) {
  switch (end) {
    case http::StreamEnd::kStalled:
      return End::kStalled;
    case http::StreamEnd::kDrained:
      return End::kShutdown;
    case http::StreamEnd::kClientGone:
    case http::StreamEnd::kEnded:
      break;
  }
  return End::kClientGone;
}

}  // namespace

Subscription::Subscription(events::EventFilter wanted, Start begins, std::shared_ptr<Subscriber> behind, Seat seat,
                           std::function<void(SharedSubscription)> read_on, EndCounts& ended)
    : filter(std::move(wanted)),
      start(begins),
      subscriber(std::move(behind)),
      seat_(std::move(seat)),
      read_on_(std::move(read_on)),
      ended_(ended) {}

void Subscription::open(http::Completion completion) {
  stream_ = completion.stream(subscriber->start(), shared_from_this());
}

// Either of this and `on_sent` finds that it waits, whichever comes second.
bool Subscription::may_read_on() {
  waits_ = true;
  return stream_.unsent() == 0 && waits_.exchange(false);
}

void Subscription::on_sent() {
  if (waits_.exchange(false)) read_on_(shared_from_this());
}

void Subscription::on_closed(http::StreamEnd end) {
  const End reason = is_cut_ ? reason_.load() : end_of(end);
  ++ended_[static_cast<std::size_t>(reason)];
  seat_.leave();
  subscriber->end({reason, events_, bytes_});
}

void Subscription::count(std::uint64_t events, std::size_t bytes, std::int64_t now_ms) {
  events_ += events;
  bytes_ += bytes;
  last_write_ms_ = now_ms;
}

void Subscription::cut(http::StreamBatch& batch, End reason) {
  if (is_over()) return;
  reason_ = reason;
  is_cut_ = true;
  batch.write(stream_, last_words(reason));
  batch.end(stream_);
}

}  // namespace keyfold::subscriptions
