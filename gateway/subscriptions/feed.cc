#include "gateway/subscriptions/feed.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>

#include "gateway/subscriptions/event_text.h"

namespace keyfold::subscriptions {
namespace {

constexpr std::int64_t kPatienceMs = 250;  // of a wait for the next event, which nothing else ends
constexpr std::size_t kRecordsAtOnce = 512;
constexpr std::size_t kPageBytes = 64UL * 1024;
constexpr std::size_t kRecentMax = 1'024;
constexpr std::size_t kRecentBytesMax = 1024UL * 1024;

std::int64_t steady_ms() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

// Whether somebody may have lost the right to listen by it.
bool concerns_rights(const events::Event& event) {
  const auto type = events::type_name(event.payload);
  return type.starts_with("RootKey") || type.starts_with("Workspace");
}

}  // namespace

Feed::Feed(const events::Log& log, const projections::Projections& projections, events::PartitionId partition,
           FeedOptions options, std::atomic<std::uint64_t>& events_sent)
    : log_(log), projections_(projections), partition_(partition), options_(options), events_sent_(events_sent) {}

Feed::~Feed() {
  stop();
  if (thread_.joinable()) thread_.join();
}

void Feed::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
}

void Feed::add(const SharedSubscription& subscription) {
  const std::lock_guard lock(mutex_);
  by_workspace_[subscription->filter.workspace_id].push_back(subscription);
  if (!is_idle_) return;
  is_idle_ = false;
  head_ = recent_begin_ = projections_.next(partition_);
  recent_.clear();
  recent_bytes_ = 0;
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  changed_.notify_all();
}

void Feed::run() {
  std::int64_t checked_ms = steady_ms();
  std::unique_lock lock(mutex_);
  while (!is_ending_) {
    if (by_workspace_.empty()) {
      is_idle_ = true;
      changed_.wait(lock, [this] { return is_ending_ || !is_idle_; });
      continue;
    }
    const events::Position wanted{partition_, head_};
    lock.unlock();
    static_cast<void>(projections_.wait(wanted, std::min(kPatienceMs, options_.check_interval_ms)));
    if (const Status followed = follow(); !followed) {
      spdlog::error("subscriptions of partition {} are ended: {}", partition_, followed.error().to_string());
      end_all();
    }
    if (steady_ms() - checked_ms >= options_.check_interval_ms) {
      look_after();
      checked_ms = steady_ms();
    }
    lock.lock();
  }
}

// Only this thread moves the head of a feed that is not idle.
Status Feed::follow() {
  const events::Sequence end = projections_.next(partition_);
  http::StreamBatch batch;
  while (head_ < end) {
    std::vector<Recent> found;
    const auto next = read_new(end, found);
    if (!next) return tl::unexpected(next.error());
    {
      const std::lock_guard lock(mutex_);
      for (Recent& recent : found) {
        broadcast(recent, batch);
        remember(std::move(recent));
      }
      head_ = *next;
    }
    batch.send();
  }
  return {};
}

// Public events from the head on; returns where the next ones are.
Result<events::Sequence> Feed::read_new(events::Sequence end, std::vector<Recent>& found) const {
  Status decoded;
  auto event = std::make_unique<events::Event>();
  const auto count = std::min<std::size_t>(kRecordsAtOnce, end - head_);
  const auto next = log_.read(partition_, head_, count, [&](events::Sequence sequence, events::RecordView record) {
    decoded = events::decode(record, *event);
    if (!decoded) return false;
    if (!events::is_public(event->payload)) return true;
    found.push_back({sequence, std::move(event), record.header.size() + record.payload.size(), nullptr});
    event = std::make_unique<events::Event>();
    return true;
  });
  if (!decoded) return tl::unexpected(decoded.error());
  return next;
}

void Feed::broadcast(Recent& recent, http::StreamBatch& batch) {
  const auto found = by_workspace_.find(recent.event->header.workspace_id());
  if (found == by_workspace_.end()) return;
  if (concerns_rights(*recent.event)) {
    for (const auto& subscription : found->second) {
      if (!subscription->subscriber->is_allowed()) subscription->cut(batch, End::kNotAllowed);
    }
  }
  for (const auto& subscription : found->second) {
    const bool is_due = subscription->is_live && subscription->next <= recent.sequence && !subscription->is_over();
    if (is_due && subscription->filter.matches(*recent.event)) offer(*subscription, recent, batch);
  }
}

void Feed::offer(Subscription& subscription, Recent& recent, http::StreamBatch& batch) {
  const auto& text = text_of(recent);
  const auto unsent = subscription.stream().unsent();
  if (unsent > 0 && unsent + text->chunk().size() > options_.buffer_bytes_max) {
    return subscription.cut(batch, End::kSlow);
  }
  subscription.count(1, text->text().size(), steady_ms());
  ++events_sent_;
  batch.write(subscription.stream(), text);
}

const http::SharedText& Feed::text_of(Recent& recent) const {
  if (!recent.text) {
    std::string text;
    append_event(text, {partition_, recent.sequence}, *recent.event);
    recent.text = http::share_text(text);
  }
  return recent.text;
}

void Feed::remember(Recent recent) {
  recent_bytes_ += recent.bytes;
  recent_.push_back(std::move(recent));
  while (recent_.size() > kRecentMax || recent_bytes_ > kRecentBytesMax) {
    recent_bytes_ -= recent_.front().bytes;
    recent_begin_ = recent_.front().sequence + 1;
    recent_.pop_front();
  }
}

Feed::Read Feed::read(Subscription& subscription) {
  if (subscription.is_over()) return Read::kOver;
  {
    http::StreamBatch batch;
    const std::lock_guard lock(mutex_);
    if (subscription.next >= recent_begin_) {
      const bool is_live = join(subscription, batch);
      batch.send();  // before anything that is broadcast to it
      return is_live ? Read::kLive : Read::kPage;
    }
  }
  return read_log(subscription);
}

// Writes a page of what was broadcast before; true when that was all.
bool Feed::join(Subscription& subscription, http::StreamBatch& batch) {
  std::size_t bytes = 0;
  auto recent = std::lower_bound(recent_.begin(), recent_.end(), subscription.next,
                                 [](const Recent& one, events::Sequence wanted) { return one.sequence < wanted; });
  for (; recent != recent_.end(); ++recent) {
    if (!subscription.filter.matches(*recent->event)) continue;
    if (bytes >= kPageBytes) {
      subscription.next = recent->sequence;
      return false;
    }
    bytes += text_of(*recent)->chunk().size();
    subscription.count(1, text_of(*recent)->text().size(), steady_ms());
    ++events_sent_;
    batch.write(subscription.stream(), text_of(*recent));
  }
  subscription.next = std::max(subscription.next, head_);
  subscription.is_live = true;
  return true;
}

Feed::Read Feed::read_log(Subscription& subscription) {
  const events::Sequence end = projections_.next(partition_);
  std::string page;
  std::uint64_t count = 0;
  Status decoded;
  events::Event event;
  const auto visit = [&](events::Sequence sequence, events::RecordView record) {
    if (sequence >= end) return false;
    subscription.next = sequence + 1;
    // The payload is looked at only if the event is of this workspace.
    if (!event.header.ParseFromArray(record.header.data(), static_cast<int>(record.header.size())) ||
        event.header.workspace_id() == subscription.filter.workspace_id) {
      decoded = events::decode(record, event);
      if (decoded && subscription.filter.matches(event)) {
        append_event(page, {partition_, sequence}, event);
        ++count;
      }
    }
    return decoded && page.size() < kPageBytes;
  };
  const auto next = log_.read(partition_, subscription.next, kRecordsAtOnce, visit);
  if (!next || !decoded) {
    const Error error = next ? decoded.error() : next.error();
    spdlog::error("a subscription is ended: {}", error.to_string());
    http::StreamBatch batch;
    subscription.cut(batch, End::kLogError);
    batch.send();
    return Read::kError;
  }
  subscription.count(count, page.size(), count > 0 ? steady_ms() : subscription.last_write_ms());
  events_sent_ += count;
  subscription.stream().write(http::share_text(page));
  return Read::kPage;
}

void Feed::look_after() {
  http::StreamBatch batch;
  {
    const std::lock_guard lock(mutex_);
    const std::int64_t now_ms = steady_ms();
    for (auto workspace = by_workspace_.begin(); workspace != by_workspace_.end();) {
      Subscriptions& all = workspace->second;
      std::erase_if(all, [](const SharedSubscription& one) { return one->stream().closed(); });
      for (const auto& one : all) look_after(*one, now_ms, batch);
      workspace = all.empty() ? by_workspace_.erase(workspace) : std::next(workspace);
    }
  }
  batch.send();
}

void Feed::look_after(Subscription& subscription, std::int64_t now_ms, http::StreamBatch& batch) const {
  static const http::SharedText kText = http::share_text(kHeartbeat);
  if (subscription.is_over()) return;
  if (!subscription.subscriber->is_allowed()) return subscription.cut(batch, End::kNotAllowed);
  const bool is_quiet = now_ms - subscription.last_write_ms() >= options_.heartbeat_ms;
  if (!is_quiet || subscription.stream().unsent() > 0) return;
  subscription.count(0, kHeartbeat.size(), now_ms);
  batch.write(subscription.stream(), kText);
}

void Feed::end_all() {
  http::StreamBatch batch;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [workspace_id, all] : by_workspace_) {
      for (const auto& one : all) one->cut(batch, End::kLogError);
    }
    by_workspace_.clear();
  }
  batch.send();
}

}  // namespace keyfold::subscriptions
