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

/// A command that was taken in and is not answered yet.
struct Unanswered {
  events::Sequence durable_below = 0;  // answered when everything below it is durable
  Digest chain_hash{};                 // leaf hash of the event below it: says whether a log holds what it rests on
  v1::Command command;
  projections::Changes changes;
  Outcome outcome;
  std::vector<std::unique_ptr<OutcomeSink>> sinks;  // the command's own, then those of its repeats
  std::string key_hash;                             // of its idempotency record; empty: none was made
  std::string request_hash;
  v1::RecordedAnswer recorded;
};

/// Counts the outcome and gives it to the client.
void answer(PartitionCounters& counters, OutcomeSink& sink, Outcome outcome);
/// The same for the command and each of its repeats.
void answer(PartitionCounters& counters, Unanswered& command);

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

  /// Decides nothing more and gives up what waits, in its order, for somebody else to answer.
  [[nodiscard]] std::deque<Unanswered> give_up() noexcept;

  /// Whether it decides nothing more.
  [[nodiscard]] bool has_failed() const { return state_ == State::kFenced; }
  /// Whether no command waits for its answer.
  [[nodiscard]] bool is_idle() const { return pending_.empty(); }

 private:
  [[nodiscard]] Outcome decide_one(const v1::Command& command, Unanswered& pending);
  [[nodiscard]] std::optional<Outcome> find_earlier(const v1::Idempotency& idempotency, std::int64_t time_ms) const;
  [[nodiscard]] tl::expected<std::vector<events::Record>, Rejection> make_records(const v1::Command& command,
                                                                                  Decision& decision,
                                                                                  std::int64_t time_ms);

  const events::PartitionId partition_;
  projections::Projections& projections_;
  const AppendRecords append_;
  PartitionCounters& counters_;

  events::ChainState chain_;  // after the last decided event
  std::int64_t time_ms_;      // of the last decided event
  projections::Overlay overlay_;
  std::deque<Unanswered> pending_;
  std::unordered_map<std::string, Unanswered*> in_flight_;  // by key hash
  v1::EventHeader header_;                                  // of the event at hand; kept for its memory
  std::vector<events::Event> decided_;                      // of the command at hand; kept for its memory
  enum class State { kWriting, kFenced } state_ = State::kWriting;
};

}  // namespace keyfold::actors
