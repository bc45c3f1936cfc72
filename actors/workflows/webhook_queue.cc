#include "actors/workflows/webhook_queue.h"

#include <algorithm>

namespace keyfold::actors {

std::optional<std::int64_t> WebhookQueue::oldest_event_ms() const {
  std::optional<std::int64_t> oldest;
  for (const auto& [sequence, entry] : entries_) {
    oldest = std::min(oldest.value_or(entry.delivery.event_at_ms()), entry.delivery.event_at_ms());
  }
  return oldest;
}

std::string WebhookQueue::resource_of(const v1::WebhookDelivery& delivery) {
  return delivery.resource_kind() + '/' + delivery.resource_id();
}

void WebhookQueue::insert(v1::WebhookDelivery delivery, bool is_recorded) {
  const events::Sequence sequence = delivery.sequence();
  if (!delivery.is_unordered()) by_resource_[resource_of(delivery)].insert(sequence);
  entries_.insert_or_assign(sequence, Entry{std::move(delivery), is_recorded, false});
}

void WebhookQueue::erase(events::Sequence sequence) {
  const auto entry = entries_.find(sequence);
  if (const auto of_resource = by_resource_.find(resource_of(entry->second.delivery));
      of_resource != by_resource_.end()) {
    of_resource->second.erase(sequence);
    if (of_resource->second.empty()) by_resource_.erase(of_resource);
  }
  entries_.erase(entry);
}

void WebhookQueue::restore(const v1::WebhookDelivery& pending) {
  const auto known = entries_.find(pending.sequence());
  if (known == entries_.end()) return insert(pending, true);
  Entry& entry = known->second;
  if (entry.is_under_way || news_.contains(pending.sequence())) return;
  entry.delivery.set_next_attempt_at_ms(pending.next_attempt_at_ms());
  entry.delivery.set_attempts(pending.attempts());
}

void WebhookQueue::offer(v1::WebhookDelivery delivery) {
  ++next_;
  insert(std::move(delivery), false);
}

const WebhookQueue::Entry* WebhookQueue::blocker_of(const v1::WebhookDelivery& delivery) const {
  if (order_ == Order::kNone || delivery.is_unordered()) return nullptr;
  const events::Sequence first = *by_resource_.at(resource_of(delivery)).begin();
  return first == delivery.sequence() ? nullptr : &entries_.at(first);
}

std::vector<v1::WebhookDelivery> WebhookQueue::take_due(std::int64_t now_ms, std::size_t count_max) {
  std::vector<v1::WebhookDelivery> due;
  for (auto& [sequence, entry] : entries_) {
    if (due.size() >= count_max) break;
    const bool is_due = !entry.is_under_way && entry.delivery.next_attempt_at_ms() <= now_ms;
    if (!is_due || blocker_of(entry.delivery) != nullptr) continue;
    entry.is_under_way = true;
    due.push_back(entry.delivery);
  }
  return due;
}

void WebhookQueue::settle(const v1::WebhookDelivery& after) {
  const auto entry = entries_.find(after.sequence());
  if (entry == entries_.end()) return;
  news_[after.sequence()] = after;
  if (after.status() != v1::WebhookDelivery::PENDING) return erase(after.sequence());
  entry->second.delivery = after;
  entry->second.is_under_way = false;
}

v1::WebhookDeliveriesRecorded WebhookQueue::take_record() {
  v1::WebhookDeliveriesRecorded record;
  for (auto& [sequence, delivery] : news_) *record.add_deliveries() = std::move(delivery);
  events::Sequence next = next_;
  for (auto& [sequence, entry] : entries_) {
    if (news_.contains(sequence)) entry.is_recorded = true;
    // What waits for an attempt that is hours away must not hold up the mark meanwhile.
    const Entry* blocker = entry.is_recorded ? nullptr : blocker_of(entry.delivery);
    if (blocker != nullptr && blocker->delivery.attempts() > 0) {
      entry.is_recorded = true;
      *record.add_deliveries() = entry.delivery;
    }
    if (!entry.is_recorded) next = std::min(next, sequence);
  }
  news_.clear();
  recorded_next_ = next_;
  record.set_next_sequence(next);
  return record;
}

}  // namespace keyfold::actors
