#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "events/public_event.h"
#include "gateway/http/server.h"
#include "gateway/subscriptions/subscriber_limits.h"

namespace keyfold::subscriptions {

/// Why a subscription is over.
enum class End : std::uint8_t {
  kClientGone,
  kSlow,        // its buffer was full
  kStalled,     // its client took nothing for the listener's write time-out
  kNotAllowed,  // its root key or workspace lost the right to listen
  kShutdown,
  kLogError,
};
inline constexpr std::array<std::string_view, 6> kEndNames = {"client_gone", "slow",     "stalled",
                                                              "not_allowed", "shutdown", "log_error"};

/// How many subscriptions are over, by why.
using EndCounts = std::array<std::atomic<std::uint64_t>, kEndNames.size()>;

/// What a subscription has had when it is over.
struct Summary {
  End end = End::kClientGone;
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;  // of texts
};

/// Who stands behind a subscription: the API's side.
class Subscriber {
 public:
  virtual ~Subscriber() = default;
  /// Whether it may still listen. Asked about once a second, and when something of its workspace's root keys changes.
  [[nodiscard]] virtual bool is_allowed() const = 0;
  /// The head of its stream, which begins.
  [[nodiscard]] virtual http::Response start() = 0;
  /// Instead of `start`: the answer when the log does not reach the position where it wants to begin.
  [[nodiscard]] virtual http::Response refuse_position() = 0;
  /// Instead of `start`: the answer when the log can't be read.
  [[nodiscard]] virtual http::Response refuse_log() = 0;
  /// Once after `start`, on the connection's I/O thread: must not block.
  virtual void end(const Summary& summary) = 0;
};

/// The first event decided at or after a Unix time in milliseconds; see first_at_or_after.
struct FromTime {
  std::int64_t ms = 0;
};
/// Where a subscription begins; a sequence may be the one that the partition's next event will have.
using Start = std::variant<events::Sequence, FromTime>;

class Subscription;
using SharedSubscription = std::shared_ptr<Subscription>;

/// What one subscriber wants, and how far it is. Shared by the hub, a partition's feed and the stream.
class Subscription final : public http::StreamObserver, public std::enable_shared_from_this<Subscription> {
 public:
  /// `read_on` is called, on an I/O thread, when a page has been sent. `ended` counts who is over.
  Subscription(events::EventFilter filter, Start start, std::shared_ptr<Subscriber> subscriber, Seat seat,
               std::function<void(SharedSubscription)> read_on, EndCounts& ended);

  /// Makes the stream the answer of the completion.
  void open(http::Completion completion);
  /// Whether the page that was written has been sent; if not, `read_on` will be called.
  [[nodiscard]] bool may_read_on();

  void on_sent() override;
  void on_closed(http::StreamEnd end) override;

  /// Notes what is about to be written; `now_ms` is of the steady clock.
  void count(std::uint64_t events, std::size_t bytes, std::int64_t now_ms);
  [[nodiscard]] std::int64_t last_write_ms() const { return last_write_ms_; }
  /// Writes a last comment, and ends the stream. The first reason counts.
  void cut(http::StreamBatch& batch, End reason);
  [[nodiscard]] bool is_over() const { return is_cut_ || stream_.closed(); }
  [[nodiscard]] const http::Stream& stream() const { return stream_; }

  const events::EventFilter filter;
  const Start start;
  const std::shared_ptr<Subscriber> subscriber;

  // For one worker at a time until `is_live`, then for the feed.
  events::Sequence next = 0;  // events below it have been looked at
  bool is_live = false;       // gets what the feed reads; under the feed's lock

 private:
  Seat seat_;
  http::Stream stream_;
  const std::function<void(SharedSubscription)> read_on_;
  EndCounts& ended_;
  std::atomic<bool> waits_{false};  // for the page to be sent
  std::atomic<bool> is_cut_{false};
  std::atomic<End> reason_{End::kClientGone};
  std::atomic<std::uint64_t> events_{0};
  std::atomic<std::uint64_t> bytes_{0};
  std::atomic<std::int64_t> last_write_ms_{0};
};

}  // namespace keyfold::subscriptions
