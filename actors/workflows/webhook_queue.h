#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "events/event.h"
#include "keyfold/v1/webhook.pb.h"

namespace keyfold::actors {

/// The deliveries of one webhook between log and receiver: what was read and is not settled, what may be sent now, and
/// what is not on the log yet of what became of it. Pure: no clock, no I/O. Not thread-safe.
///
/// An ordered queue lets only the first unsettled event of a resource go; other resources go on. Everything below
/// `next_sequence` of a record is settled or pending in that record or an earlier one, so whoever begins again from the
/// records repeats what was not recorded, and skips nothing.
class WebhookQueue {
 public:
  enum class Order { kPerResource, kNone };

  /// `next` is the first sequence to read.
  WebhookQueue(events::Sequence next, Order order) : next_(next), recorded_next_(next), order_(order) {}
  void set_order(Order order) { order_ = order; }

  /// The first sequence that was not read yet.
  [[nodiscard]] events::Sequence next() const { return next_; }
  /// What is not settled.
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  /// When the oldest of it happened; nothing when there is none.
  [[nodiscard]] std::optional<std::int64_t> oldest_event_ms() const;

  /// Takes in a pending delivery that is on record already; one that waits here goes by the record's next attempt.
  void restore(const v1::WebhookDelivery& pending);
  /// Takes in the event at `next`.
  void offer(v1::WebhookDelivery delivery);
  /// Passes over the event at `next`: it is not wanted, or was settled before.
  void pass() { ++next_; }

  /// What may be sent at that time, the oldest first; it is under way until `settle`.
  [[nodiscard]] std::vector<v1::WebhookDelivery> take_due(std::int64_t now_ms, std::size_t count_max);
  /// What became of a delivery under way: it waits for another attempt, or is done with.
  void settle(const v1::WebhookDelivery& after);

  /// How many deliveries' news are not on record.
  [[nodiscard]] std::size_t news() const { return news_.size(); }
  /// How far reading is ahead of the last record.
  [[nodiscard]] std::uint64_t unrecorded_events() const { return next_ - recorded_next_; }
  /// The news, and what waits behind others, for the log; counted as recorded from here on.
  [[nodiscard]] v1::WebhookDeliveriesRecorded take_record();

 private:
  struct Entry {
    v1::WebhookDelivery delivery;
    bool is_recorded = false;
    bool is_under_way = false;
  };
  [[nodiscard]] static std::string resource_of(const v1::WebhookDelivery& delivery);
  void insert(v1::WebhookDelivery delivery, bool is_recorded);
  void erase(events::Sequence sequence);
  /// The delivery that has to be settled before this one may be sent; null when none has.
  [[nodiscard]] const Entry* blocker_of(const v1::WebhookDelivery& delivery) const;

  events::Sequence next_;
  events::Sequence recorded_next_;
  Order order_;
  std::map<events::Sequence, Entry> entries_;
  std::map<std::string, std::set<events::Sequence>> by_resource_;  // of entries, but for those outside any order
  std::map<events::Sequence, v1::WebhookDelivery> news_;
};

}  // namespace keyfold::actors
