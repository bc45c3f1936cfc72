#include "actors/workflows/webhooks.h"

#include <algorithm>
#include <mutex>
#include <set>

#include "actors/workflows/command_window.h"
#include "actors/workflows/webhook_request.h"
#include "actors/workflows/webhook_retry.h"
#include "projections/webhook.h"
#include "projections/webhook_deliveries.h"
#include "schemas/base/encoding.h"
#include "schemas/base/fault_point.h"
#include "schemas/base/random.h"

namespace keyfold::actors {
namespace {

using projections::Table;
using std::chrono::milliseconds;

constexpr int kGone = 410;
constexpr std::size_t kPageEvents = 500;
constexpr std::size_t kNewsMax = 100;
/// So far a start may read anew when nothing was wanted, and no more is written than that asks for.
constexpr std::uint64_t kUnrecordedEventsMax = 10'000;
constexpr milliseconds kBusyRest{20};
constexpr milliseconds kIdleRest{250};

double random_jitter() {
  std::array<std::uint8_t, 4> bytes{};
  fill_random(bytes);
  std::uint32_t number = 0;
  for (const std::uint8_t byte : bytes) number = number << 8 | byte;
  return static_cast<double>(number) / 4'294'967'296.0;
}

WebhookQueue::Order order_of(const v1::WebhookCreated& webhook) {
  return webhook.ordered() ? WebhookQueue::Order::kPerResource : WebhookQueue::Order::kNone;
}

events::EventFilter filter_of(const rows::WebhookRow& row) {
  const v1::WebhookCreated& webhook = row.webhook();
  return {.workspace_id = row.workspace_id(),
          .types = {webhook.types().begin(), webhook.types().end()},
          .resource_kind = webhook.resource_kind(),
          .resource_id = webhook.resource_id()};
}

v1::WebhookDelivery delivery_of(const events::Event& event) {
  v1::WebhookDelivery delivery;
  delivery.set_sequence(event.header.sequence());
  delivery.set_event_id(to_uuid_text(event.header.event_id()));
  delivery.set_type(event.header.type());
  delivery.set_resource_kind(event.header.stream_kind());
  delivery.set_resource_id(event.header.stream_id());
  delivery.set_event_at_ms(event.header.time_ms());
  delivery.set_is_unordered(event.payload.has_webhook_tested());
  delivery.set_status(v1::WebhookDelivery::PENDING);
  return delivery;
}

}  // namespace

struct WebhookWorkflow::Completion {
  events::PartitionId partition = 0;
  std::string webhook_id;
  std::uint64_t instance = 0;
  v1::WebhookDelivery delivery;
  WebhookAttempt attempt;
};

/// Where the transport leaves answers; lives as long as anybody may call back.
struct WebhookWorkflow::Inbox {
  std::mutex mutex;
  std::vector<Completion> completions;
  std::function<void()> wake;

  void put(Completion completion) {
    const std::lock_guard lock(mutex);
    completions.push_back(std::move(completion));
    if (wake) wake();
  }
  [[nodiscard]] std::vector<Completion> take() {
    const std::lock_guard lock(mutex);
    return std::exchange(completions, {});
  }
};

WebhookWorkflow::WebhookWorkflow(Runtime& runtime, const events::Log& log, const projections::Projections& projections,
                                 const Vault& vault, const Clock& clock, WebhookTransport& transport,
                                 WebhookOptions options)
    : runtime_(runtime),
      log_(log),
      projections_(projections),
      vault_(vault),
      clock_(clock),
      transport_(transport),
      options_(std::move(options)),
      inbox_(std::make_shared<Inbox>()),
      partitions_(projections.partitions()) {}

WebhookWorkflow::~WebhookWorkflow() { on_wake(nullptr); }

void WebhookWorkflow::on_wake(std::function<void()> wake) {
  const std::lock_guard lock(inbox_->mutex);
  inbox_->wake = std::move(wake);
}

milliseconds WebhookWorkflow::run(const std::stop_token& stop) {
  settle_completions();
  for (events::PartitionId id = 0; id < partitions_.size(); ++id) {
    Partition& partition = partitions_[id];
    if (!runtime_.owns(id)) {
      partition = {};  // its next owner begins from what is recorded
      continue;
    }
    refresh(id, partition, stop);
    read(id, partition);
    record(When::kDue, partition, stop);
  }
  start_due();
  publish_stats();
  return counters_.webhooks.load(std::memory_order_relaxed) > 0 ? kBusyRest : kIdleRest;
}

void WebhookWorkflow::finish() {
  std::stop_source stopped;  // a partition that takes no more is not waited for
  stopped.request_stop();
  settle_completions();
  for (events::PartitionId id = 0; id < partitions_.size(); ++id) {
    if (runtime_.owns(id)) record(When::kNow, partitions_[id], stopped.get_token());
  }
}

/// Brings the webhooks in line with the rows when those have changed.
void WebhookWorkflow::refresh(events::PartitionId id, Partition& partition, const std::stop_token& stop) {
  const projections::RowReader& reader = projections_.reader(id);
  const std::uint64_t version = projections::webhooks_version(reader);
  if (partition.version == version) return;
  record(When::kNow, partition, stop);  // or the rows would tell less than is known here
  std::set<std::string, std::less<>> enabled;
  projections_.scan(id, Table::kWebhooks, projections::kWebhooks, {}, [&](std::string_view, std::string_view value) {
    rows::WebhookRow row;
    if (!row.ParseFromArray(value.data(), static_cast<int>(value.size())) || !row.webhook().enabled()) return true;
    enabled.insert(row.webhook().webhook_id());
    take_in(row, reader, partition.webhooks);
    return true;
  });
  std::erase_if(partition.webhooks, [&](const auto& entry) { return !enabled.contains(entry.first); });
  partition.version = version;
}

void WebhookWorkflow::take_in(const rows::WebhookRow& row, const projections::RowReader& reader, Webhooks& webhooks) {
  const std::string& webhook_id = row.webhook().webhook_id();
  auto found = webhooks.find(webhook_id);
  if (found == webhooks.end()) {
    Webhook fresh{.id = webhook_id, .instance = ++instances_, .queue = {row.next_sequence(), order_of(row.webhook())}};
    fresh.recorded_at_ms = clock_.now_ms();
    fresh.failing_since_ms = row.failing_since_ms();
    found = webhooks.emplace(webhook_id, std::move(fresh)).first;
  }
  Webhook& webhook = found->second;
  webhook.workspace_id = row.workspace_id();
  webhook.filter = filter_of(row);
  webhook.dead_letters = row.failed();
  webhook.queue.set_order(order_of(row.webhook()));
  for (const events::Sequence sequence : projections::pending_deliveries(reader, webhook_id)) {
    if (const auto pending = projections::find_delivery(reader, webhook_id, sequence)) {
      webhook.queue.restore(pending->delivery());
    }
  }
}

/// A page for each place at which webhooks are; most are at the end of the log together.
void WebhookWorkflow::read(events::PartitionId id, Partition& partition) {
  const events::Sequence end = projections_.next(id);
  std::map<events::Sequence, std::vector<Webhook*>> places;
  for (auto& [webhook_id, webhook] : partition.webhooks) {
    const bool has_room = webhook.queue.size() < options_.pending_max && !webhook.disabling;
    if (has_room && webhook.queue.next() < end) places[webhook.queue.next()].push_back(&webhook);
  }
  for (const auto& [from, readers] : places) read_page(id, from, readers);
}

void WebhookWorkflow::read_page(events::PartitionId id, events::Sequence from, const std::vector<Webhook*>& readers) {
  const auto records = std::min<events::Sequence>(kPageEvents, projections_.next(id) - from);
  events::Event event;
  Status decoded;
  const auto read = log_.read(id, from, records, [&](events::Sequence sequence, events::RecordView record) {
    decoded = events::decode(record, event);
    if (!decoded) return false;
    bool goes_on = false;
    for (Webhook* webhook : readers) {
      if (webhook->queue.next() != sequence || webhook->queue.size() >= options_.pending_max) continue;
      offer(event, id, *webhook);
      goes_on = true;
    }
    return goes_on;
  });
  if (!read) note_error(read.error().to_string());
  if (!decoded) note_error(decoded.error().to_string());
}

void WebhookWorkflow::offer(const events::Event& event, events::PartitionId id, Webhook& webhook) {
  const bool is_test = event.payload.has_webhook_tested();
  const bool is_wanted =
      is_test ? event.payload.webhook_tested().webhook_id() == webhook.id : webhook.filter.matches(event);
  // Behind the mark that a start begins from, some may be settled or pending already.
  if (!is_wanted || projections::find_delivery(projections_.reader(id), webhook.id, event.header.sequence())) {
    return webhook.queue.pass();
  }
  webhook.queue.offer(delivery_of(event));
}

void WebhookWorkflow::start_due() {
  struct Candidate {
    events::PartitionId partition;
    Webhook* webhook;
  };
  std::vector<Candidate> candidates;
  for (events::PartitionId id = 0; id < partitions_.size(); ++id) {
    for (auto& [webhook_id, webhook] : partitions_[id].webhooks) candidates.push_back({id, &webhook});
  }
  if (candidates.empty()) return;
  // Each round begins with another one, so that none is always served last.
  const auto turn = static_cast<std::ptrdiff_t>(rounds_++ % candidates.size());
  std::rotate(candidates.begin(), candidates.begin() + turn, candidates.end());
  std::size_t free = options_.connections_max - std::min(options_.connections_max, under_way());
  for (const auto& [id, webhook] : candidates) {
    if (free == 0) return;
    const std::size_t before = webhook->under_way;
    const std::size_t own =
        options_.connections_per_webhook_max - std::min(options_.connections_per_webhook_max, before);
    if (!webhook->disabling) start_due(id, *webhook, std::min(free, own));
    free -= webhook->under_way - before;
  }
}

void WebhookWorkflow::start_due(events::PartitionId id, Webhook& webhook, std::size_t count_max) {
  for (const v1::WebhookDelivery& delivery : webhook.queue.take_due(clock_.now_ms(), count_max)) {
    ++webhook.under_way;
    send(id, webhook, delivery);
  }
}

void WebhookWorkflow::send(events::PartitionId id, Webhook& webhook, const v1::WebhookDelivery& delivery) {
  const std::int64_t now_ms = clock_.now_ms();
  auto done = [inbox = inbox_, id, webhook_id = webhook.id, instance = webhook.instance, delivery,
               now_ms](WebhookAnswer answer) {
    inbox->put({id, webhook_id, instance, delivery, {now_ms, std::move(answer), random_jitter()}});
  };
  auto request = make_webhook_request({log_, projections_, vault_}, {id, delivery.sequence()}, webhook.id, now_ms);
  if (!request) return done({.status = 0, .error = request.error().to_string()});
  request->headers.emplace_back("User-Agent", options_.user_agent);
  transport_.send(*std::move(request), std::move(done));
}

void WebhookWorkflow::settle_completions() {
  for (const Completion& completion : inbox_->take()) settle(completion);
}

void WebhookWorkflow::settle(const Completion& completion) {
  Webhooks& webhooks = partitions_[completion.partition].webhooks;
  const auto found = webhooks.find(completion.webhook_id);
  if (found == webhooks.end() || found->second.instance != completion.instance) return;
  Webhook& webhook = found->second;
  --webhook.under_way;
  const bool is_test = completion.delivery.type() == v1::WebhookTested::descriptor()->name();
  const std::vector<std::int64_t> none;
  const auto after = after_attempt(completion.delivery, completion.attempt, is_test ? none : options_.retry_delays_ms);
  webhook.queue.settle(after);
  if (after.status() == v1::WebhookDelivery::DELIVERED) {
    counters_.delivered.fetch_add(1, std::memory_order_relaxed);
    webhook.failing_since_ms = 0;
    return;
  }
  (after.status() == v1::WebhookDelivery::PENDING ? counters_.retried : counters_.failed)
      .fetch_add(1, std::memory_order_relaxed);
  if (is_test) return;
  if (webhook.failing_since_ms == 0) webhook.failing_since_ms = after.attempted_at_ms();
  const bool is_gone = completion.attempt.answer.status == kGone;
  const bool fails_for_long = clock_.now_ms() - webhook.failing_since_ms >= options_.disable_after_ms;
  if (!is_gone && !fails_for_long) return;
  webhook.disabling.emplace();
  webhook.disabling->set_webhook_id(completion.webhook_id);
  webhook.disabling->set_reason(is_gone ? v1::WebhookDisabled::GONE : v1::WebhookDisabled::FAILING);
  webhook.disabling->set_detail(after.error());
}

bool WebhookWorkflow::is_record_due(const Webhook& webhook) const {
  if (webhook.disabling || webhook.queue.news() >= kNewsMax) return true;
  if (webhook.queue.unrecorded_events() >= kUnrecordedEventsMax) return true;
  return webhook.queue.news() > 0 && clock_.now_ms() - webhook.recorded_at_ms >= options_.record_interval_ms;
}

void WebhookWorkflow::record(When when, Partition& partition, const std::stop_token& stop) {
  CommandWindow commands(runtime_, clock_, "webhooks", stop);
  std::vector<std::string> recorded;
  for (auto& [webhook_id, webhook] : partition.webhooks) {
    const bool is_asked = when == When::kNow && webhook.queue.news() > 0;
    if (!is_asked && !is_record_due(webhook)) continue;
    submit_record(webhook, commands);
    recorded.push_back(webhook_id);
  }
  if (recorded.empty()) return;
  KEYFOLD_FAULT_POINT("webhooks.recorded");
  if (commands.finish()) {
    // What was disabled begins anew from its row, should somebody enable it, however soon.
    const auto ended =
        std::erase_if(partition.webhooks, [](const auto& entry) { return entry.second.disabling.has_value(); });
    if (ended > 0) partition.version.reset();
    return;
  }
  // Whether it is on the log is not known here; the rows tell.
  note_error("the progress of webhooks is not recorded: " + commands.rejection());
  for (const std::string& webhook_id : recorded) partition.webhooks.erase(webhook_id);
  partition.version.reset();
}

void WebhookWorkflow::submit_record(Webhook& webhook, CommandWindow& commands) {
  v1::Command command;
  command.set_workspace_id(webhook.workspace_id);
  auto& body = *command.mutable_record_webhook_deliveries();
  auto& progress = *body.mutable_progress();
  progress = webhook.queue.take_record();
  progress.set_webhook_id(webhook.id);
  progress.set_delivered_max(options_.delivered_max);
  progress.set_failed_max(options_.failed_max);
  progress.set_failed_before_ms(std::max<std::int64_t>(clock_.now_ms() - options_.failed_kept_ms, 0));
  if (webhook.disabling) {
    *body.mutable_disabling() = *webhook.disabling;
    counters_.disabled.fetch_add(1, std::memory_order_relaxed);
  }
  for (const v1::WebhookDelivery& delivery : progress.deliveries()) {
    if (delivery.status() == v1::WebhookDelivery::FAILED) ++webhook.dead_letters;
  }
  webhook.recorded_at_ms = clock_.now_ms();
  commands.submit(std::move(command));
}

void WebhookWorkflow::note_error(std::string error) {
  counters_.errors.fetch_add(1, std::memory_order_relaxed);
  error_ = std::move(error);
}

std::string WebhookWorkflow::take_error() { return std::exchange(error_, {}); }

std::size_t WebhookWorkflow::under_way() const {
  std::size_t sum = 0;
  for (const Partition& partition : partitions_) {
    for (const auto& [webhook_id, webhook] : partition.webhooks) sum += webhook.under_way;
  }
  return sum;
}

void WebhookWorkflow::publish_stats() {
  std::uint64_t webhooks = 0;
  std::uint64_t pending = 0;
  std::uint64_t dead_letters = 0;
  std::int64_t oldest_event_ms = 0;
  for (const Partition& partition : partitions_) {
    webhooks += partition.webhooks.size();
    for (const auto& [webhook_id, webhook] : partition.webhooks) {
      pending += webhook.queue.size();
      dead_letters += webhook.dead_letters;
      const auto oldest = webhook.queue.oldest_event_ms();
      if (oldest && (oldest_event_ms == 0 || *oldest < oldest_event_ms)) oldest_event_ms = *oldest;
    }
  }
  counters_.webhooks.store(webhooks, std::memory_order_relaxed);
  counters_.pending.store(pending, std::memory_order_relaxed);
  counters_.dead_letters.store(dead_letters, std::memory_order_relaxed);
  counters_.oldest_event_ms.store(oldest_event_ms, std::memory_order_relaxed);
}

WebhookWorkflow::Stats WebhookWorkflow::stats() const {
  const std::int64_t oldest_event_ms = counters_.oldest_event_ms.load(std::memory_order_relaxed);
  return {counters_.delivered.load(std::memory_order_relaxed),
          counters_.retried.load(std::memory_order_relaxed),
          counters_.failed.load(std::memory_order_relaxed),
          counters_.disabled.load(std::memory_order_relaxed),
          counters_.errors.load(std::memory_order_relaxed),
          counters_.webhooks.load(std::memory_order_relaxed),
          counters_.pending.load(std::memory_order_relaxed),
          counters_.dead_letters.load(std::memory_order_relaxed),
          oldest_event_ms == 0 ? 0 : std::max<std::int64_t>(clock_.now_ms() - oldest_event_ms, 0)};
}

}  // namespace keyfold::actors
