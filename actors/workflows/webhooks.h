#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "actors/runtime.h"
#include "actors/vault/vault.h"
#include "actors/workflows/webhook_queue.h"
#include "actors/workflows/webhook_transport.h"
#include "events/log.h"
#include "events/public_event.h"
#include "projections/projections.h"
#include "projections/rows.pb.h"
#include "schemas/base/clock.h"

namespace keyfold::actors {

class CommandWindow;

struct WebhookOptions {
  std::vector<std::int64_t> retry_delays_ms;    // between the first attempt and the second, and so on
  std::int64_t disable_after_ms = 432'000'000;  // without a success, and failing all along
  std::size_t connections_max = 16;
  std::size_t connections_per_webhook_max = 4;
  std::size_t pending_max = 1'000;  // of one webhook: with that many it reads no further
  // What is remembered of each webhook.
  std::uint32_t delivered_max = 1'000;
  std::uint32_t failed_max = 1'000;
  std::int64_t failed_kept_ms = 2'592'000'000;
  std::int64_t record_interval_ms = 1'000;
  std::string user_agent = "keyfold";
};

/// Sends events to webhooks, those of the partitions that this node decides about. Reads the log behind what is
/// committed, sends what a webhook wants, and puts on the log, in batches, what became of it. Memory holds nothing that
/// does not follow from log and rows but what was not recorded yet: after a crash, or when another node takes over,
/// that much is sent again, under the same id.
class WebhookWorkflow {
 public:
  /// All outlive it; the transport may call back later than that.
  WebhookWorkflow(Runtime& runtime, const events::Log& log, const projections::Projections& projections,
                  const Vault& vault, const Clock& clock, WebhookTransport& transport, WebhookOptions options);
  ~WebhookWorkflow();
  WebhookWorkflow(const WebhookWorkflow&) = delete;
  WebhookWorkflow& operator=(const WebhookWorkflow&) = delete;

  /// One round over everything; returns how long to rest before the next. From one thread at a time.
  [[nodiscard]] std::chrono::milliseconds run(const std::stop_token& stop);
  /// Records what is known, after the last round.
  void finish();

  /// What went wrong since the last call, and will be tried again; empty: nothing. From the thread of the rounds.
  [[nodiscard]] std::string take_error();

  /// Called, on a thread of the transport, when there is reason for a round before the rest is over; null: nothing is.
  void on_wake(std::function<void()> wake);

  /// Since the start; of this node. Thread-safe.
  struct Stats {
    std::uint64_t delivered = 0;  // attempts by outcome
    std::uint64_t retried = 0;
    std::uint64_t failed = 0;
    std::uint64_t disabled = 0;  // webhooks, by keyfold
    std::uint64_t errors = 0;    // see take_error
    std::uint64_t webhooks = 0;  // enabled ones
    std::uint64_t pending = 0;   // read, and not settled
    std::uint64_t dead_letters = 0;
    std::int64_t oldest_pending_ms = 0;  // age of the oldest of those
  };
  [[nodiscard]] Stats stats() const;

 private:
  struct Inbox;
  struct Completion;
  struct Webhook {
    std::string id;
    std::uint64_t instance = 0;
    std::string workspace_id;
    events::EventFilter filter;
    WebhookQueue queue;
    std::size_t under_way = 0;
    std::int64_t recorded_at_ms = 0;
    std::int64_t failing_since_ms = 0;
    std::uint64_t dead_letters = 0;
    std::optional<v1::WebhookDisabled> disabling;  // asked for by the next record; nothing is sent any more
  };
  using Webhooks = std::map<std::string, Webhook, std::less<>>;
  struct Partition {
    std::optional<std::uint64_t> version;  // of the rows that were read last
    Webhooks webhooks;
  };

  void settle_completions();
  void settle(const Completion& completion);
  void refresh(events::PartitionId id, Partition& partition, const std::stop_token& stop);
  void take_in(const rows::WebhookRow& row, const projections::RowReader& reader, Webhooks& webhooks);
  void read(events::PartitionId id, Partition& partition);
  void read_page(events::PartitionId id, events::Sequence from, const std::vector<Webhook*>& readers);
  void offer(const events::Event& event, events::PartitionId id, Webhook& webhook);
  void start_due();
  void start_due(events::PartitionId id, Webhook& webhook, std::size_t count_max);
  void send(events::PartitionId id, Webhook& webhook, const v1::WebhookDelivery& delivery);
  enum class When { kDue, kNow };
  void record(When when, Partition& partition, const std::stop_token& stop);
  [[nodiscard]] bool is_record_due(const Webhook& webhook) const;
  void submit_record(Webhook& webhook, CommandWindow& commands);
  void note_error(std::string error);
  void publish_stats();
  [[nodiscard]] std::size_t under_way() const;

  Runtime& runtime_;
  const events::Log& log_;
  const projections::Projections& projections_;
  const Vault& vault_;
  const Clock& clock_;
  WebhookTransport& transport_;
  const WebhookOptions options_;
  const std::shared_ptr<Inbox> inbox_;
  std::vector<Partition> partitions_;
  std::uint64_t instances_ = 0;
  std::size_t rounds_ = 0;
  std::string error_;

  struct Counters {
    std::atomic<std::uint64_t> delivered{0}, retried{0}, failed{0}, disabled{0}, errors{0}, webhooks{0}, pending{0},
        dead_letters{0};
    std::atomic<std::int64_t> oldest_event_ms{0};  // 0: nothing is pending
  };
  Counters counters_;
};

}  // namespace keyfold::actors
