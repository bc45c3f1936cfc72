#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "actors/aggregates/decision.h"
#include "actors/runtime.h"
#include "events/chain.h"
#include "projections/projections.h"

namespace keyfold::actors {

/// What one partition counts; written by its writer and by `Runtime::submit`, read by anyone.
struct PartitionCounters {
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> rejected{0};
  std::atomic<std::uint64_t> replayed{0};
  std::atomic<std::uint64_t> overloaded{0};
  std::atomic<std::uint64_t> in_flight{0};  // admitted and not answered; the writer takes from it with each answer
};

/// Where a writer begins: the chain after its PartitionOpened, and that event's time.
struct PartitionStart {
  events::ChainState chain;
  std::int64_t time_ms = 0;
};

/// The single writer of a partition. Decides each command at once on top of what earlier ones will have changed, hands
/// the events on for appending, and answers when they are durable and applied. Answers leave in the order of the
/// commands, and none leaves before everything that it may have been decided upon is durable.
///
/// Not thread-safe: its actor calls it, one message at a time. An exception (memory has run out) ends the process,
/// because a half-decided command can't be taken back; the log is whole at any moment.
class PartitionWriter {
 public:
  /// Takes the records for the log; the first one has sequence `first`. Calls come in order.
  using AppendRecords = std::function<void(events::Sequence first, std::vector<events::Record> records)>;

  PartitionWriter(events::PartitionId partition, const PartitionStart& start, projections::Projections& projections,
                  AppendRecords append, PartitionCounters& counters);

  void submit(v1::Command command, std::unique_ptr<OutcomeSink> sink) noexcept;

  /// Everything below `next` is durable: applies it with one commit, then answers.
  void on_durable(events::Sequence next) noexcept;

  /// An append failed: answers kUnknownOutcome to all that wait and decides nothing more.
  void on_failure() noexcept;

 private:
  /// A decided command that waits for durability.
  struct Pending {
    events::Sequence durable_below = 0;  // answered when everything below it is durable
    projections::Changes changes;
    Outcome outcome;
    std::vector<std::unique_ptr<OutcomeSink>> sinks;  // the command's own, then those of its repeats
    std::string key_hash;                             // of its idempotency record; empty: none was made
    std::string request_hash;
    v1::RecordedAnswer recorded;
  };

  [[nodiscard]] Outcome answer(const v1::Command& command, Pending& pending);
  [[nodiscard]] std::optional<Outcome> find_earlier(const v1::Idempotency& idempotency, std::int64_t time_ms) const;
  [[nodiscard]] tl::expected<std::vector<events::Record>, Rejection> make_records(const v1::Command& command,
                                                                                  Decision& decision,
                                                                                  std::int64_t time_ms);
  void complete(Pending& pending);
  void complete_one(OutcomeSink& sink, Outcome outcome);
  void count(const Outcome& outcome);

  const events::PartitionId partition_;
  projections::Projections& projections_;
  const AppendRecords append_;
  PartitionCounters& counters_;

  events::ChainState chain_;  // after the last decided event
  std::int64_t time_ms_;      // of the last decided event
  projections::Overlay overlay_;
  std::deque<Pending> pending_;
  std::unordered_map<std::string, Pending*> in_flight_;  // by key hash
  v1::EventHeader header_;                               // of the event at hand; kept for its memory
  std::vector<events::Event> decided_;                   // of the command at hand; kept for its memory
  enum class State { kWriting, kFenced } state_ = State::kWriting;
};

}  // namespace keyfold::actors
