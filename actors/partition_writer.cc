#include "actors/partition_writer.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <utility>

#include "actors/aggregates/decide.h"
#include "events/stored_record.h"
#include "projections/command.h"
#include "projections/projector.h"
#include "schemas/base/random.h"

namespace keyfold::actors {
namespace {

constexpr std::size_t kDecidedEventsKept = 64;

Rejection reused_key() {
  return {RejectionCode::kIdempotencyKeyReused,
          "This Idempotency-Key was used for another request: use a new key for a new request."};
}

Rejection fenced() {
  return {RejectionCode::kOverloaded, "This node can't write to its log any more and needs a restart."};
}

/// The last change of each row, in order of first write.
void merge(projections::Changes& into, projections::Changes&& changes,
           std::unordered_map<std::string, std::size_t>& places) {
  for (projections::Change& change : changes) {
    std::string row(1, static_cast<char>(change.table));
    row += change.key;
    const auto [place, is_new] = places.try_emplace(std::move(row), into.size());
    if (is_new) {
      into.push_back(std::move(change));
    } else {
      into[place->second] = std::move(change);
    }
  }
}

void count(PartitionCounters& counters, const Outcome& outcome) {
  auto* counter = &counters.rejected;
  if (outcome) {
    counter = outcome->replayed ? &counters.replayed : &counters.accepted;
  } else if (outcome.error().code == RejectionCode::kOverloaded || outcome.error().code == RejectionCode::kNotOwner) {
    counter = &counters.overloaded;
  }
  counter->fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

void answer(PartitionCounters& counters, OutcomeSink& sink, Outcome outcome) {
  count(counters, outcome);
  // First, so that a client which has its answer finds its place in the queue free.
  if (counters.in_flight.fetch_sub(1) == 1) counters.in_flight.notify_all();
  sink.complete(std::move(outcome));
}

void answer(PartitionCounters& counters, Unanswered& command) {
  Outcome repeated = command.outcome;
  if (repeated) repeated->replayed = command.recorded;
  for (std::size_t i = 1; i < command.sinks.size(); ++i) answer(counters, *command.sinks[i], repeated);
  answer(counters, *command.sinks.front(), std::move(command.outcome));
}

PartitionWriter::PartitionWriter(events::PartitionId partition, const PartitionStart& start,
                                 projections::Projections& projections, AppendRecords append,
                                 PartitionCounters& counters)
    : partition_(partition),
      projections_(projections),
      append_(std::move(append)),
      counters_(counters),
      chain_(start.chain),
      time_ms_(start.time_ms),
      overlay_(projections.reader(partition)) {}

void PartitionWriter::submit(v1::Command command, std::unique_ptr<OutcomeSink> sink) noexcept {
  if (state_ == State::kFenced) return answer(counters_, *sink, tl::unexpected(fenced()));
  if (command.has_idempotency()) {
    const auto earlier = in_flight_.find(command.idempotency().key_hash());
    if (earlier != in_flight_.end() && earlier->second->request_hash == command.idempotency().request_hash()) {
      earlier->second->sinks.push_back(std::move(sink));
      return;
    }
  }
  const events::Sequence before = chain_.next;
  Unanswered pending;
  pending.outcome = decide_one(command, pending);
  pending.durable_below = chain_.next;
  pending.chain_hash = chain_.last_hash;
  pending.sinks.push_back(std::move(sink));
  if (pending_.empty() && chain_.next == before) return answer(counters_, pending);
  pending.command = std::move(command);
  Unanswered& queued = pending_.emplace_back(std::move(pending));
  if (!queued.key_hash.empty()) in_flight_.insert_or_assign(queued.key_hash, &queued);
}

Outcome PartitionWriter::decide_one(const v1::Command& command, Unanswered& pending) {
  const std::int64_t time_ms = std::max(command.time_ms(), time_ms_);
  if (command.has_idempotency()) {
    if (auto earlier = find_earlier(command.idempotency(), time_ms)) return *std::move(earlier);
  }
  Decided decided = decide(command, time_ms, overlay_);
  if (!decided) return tl::unexpected(std::move(decided.error()));
  const std::optional<std::int64_t> credits_remaining = decided->credits_remaining;
  std::string data_json = std::move(decided->data_json);
  if (command.has_idempotency()) {
    pending.recorded = command.idempotency().answer();
    if (credits_remaining) pending.recorded.set_credits_remaining(*credits_remaining);
    if (!data_json.empty()) pending.recorded.set_data_json(data_json);
    auto& recorded = *decided->plan("command", events::to_string(events::Position{partition_, chain_.next}))
                          .mutable_command_recorded();
    recorded.set_key_hash(command.idempotency().key_hash());
    recorded.set_request_hash(command.idempotency().request_hash());
    recorded.set_expires_at_ms(command.idempotency().expires_at_ms());
    *recorded.mutable_answer() = pending.recorded;
  }
  if (!decided->events.empty()) {
    const events::Sequence first = chain_.next;
    auto records = make_records(command, *decided, time_ms);
    if (!records) return tl::unexpected(std::move(records.error()));
    pending.changes = overlay_.take();
    append_(first, *std::move(records));
    if (command.has_idempotency()) {
      pending.key_hash = command.idempotency().key_hash();
      pending.request_hash = command.idempotency().request_hash();
    }
  }
  return Accepted{{partition_, chain_.next - 1}, credits_remaining, std::nullopt, std::move(data_json)};
}

std::optional<Outcome> PartitionWriter::find_earlier(const v1::Idempotency& idempotency, std::int64_t time_ms) const {
  const auto row = projections::find_command(overlay_, idempotency.key_hash());
  if (!row || row->expires_at_ms() <= time_ms) return std::nullopt;
  if (row->request_hash() != idempotency.request_hash()) return tl::unexpected(reused_key());
  Accepted accepted{{partition_, row->sequence()}, std::nullopt, row->answer(), {}};
  if (row->answer().has_credits_remaining()) accepted.credits_remaining = row->answer().credits_remaining();
  return accepted;
}

/// Turns the decision into records that extend the chain, and folds them into the overlay just as a replay would: from
/// their bytes. What could not be read back is rejected before anything has changed.
tl::expected<std::vector<events::Record>, Rejection> PartitionWriter::make_records(const v1::Command& command,
                                                                                   Decision& decision,
                                                                                   std::int64_t time_ms) {
  const std::size_t count = decision.events.size();
  if (decided_.size() < count) decided_.resize(count);
  std::vector<events::Record> records;
  records.reserve(count);
  events::ChainState chain = chain_;
  v1::EventHeader& header = header_;
  header.Clear();
  header.set_schema_version(events::kSchemaVersion);
  header.set_workspace_id(command.workspace_id());
  header.set_partition(partition_);
  header.set_epoch(chain.epoch);
  header.set_batch_size(static_cast<std::uint32_t>(count));
  header.set_time_ms(time_ms);
  *header.mutable_principal() = command.principal();
  header.set_request_id(command.request_id());
  header.set_causation_id(command.causation_id());
  header.set_remote_ip(command.remote_ip());
  header.set_user_agent(command.user_agent());
  for (std::size_t i = 0; i < count; ++i) {
    PlannedEvent& planned = decision.events[i];
    const auto event_id = make_uuid_v7(time_ms);
    header.set_event_id(event_id.data(), event_id.size());
    header.set_stream_kind(std::move(planned.stream_kind));
    header.set_stream_id(std::move(planned.stream_id));
    header.set_sequence(chain.next);
    header.set_previous_hash(chain.last_hash.data(), chain.last_hash.size());
    header.set_batch_index(static_cast<std::uint32_t>(i));
    events::Record record = events::encode(header, planned.payload);
    if (record.header.size() > events::kHeaderBytesMax || record.payload.size() > events::kPayloadBytesMax) {
      return reject(RejectionCode::kInvalidInput, "The request is too large to be stored.");
    }
    if (!events::decode({record.header, record.payload}, decided_[i])) {
      return reject(RejectionCode::kInvalidInput, "The request holds text that is not UTF-8.");
    }
    if (events::accept(chain, header, record.header) != events::Verdict::kApplied) std::abort();
    records.push_back(std::move(record));
  }
  for (std::size_t i = 0; i < count; ++i) projections::fold(decided_[i], overlay_);
  if (decided_.size() > kDecidedEventsKept) decided_.resize(kDecidedEventsKept);
  chain_ = chain;
  time_ms_ = time_ms;
  return records;
}

void PartitionWriter::on_durable(events::Sequence next) noexcept {
  if (state_ == State::kFenced) return;
  std::deque<Unanswered> done;
  projections::Changes changes;
  std::unordered_map<std::string, std::size_t> places;
  while (!pending_.empty() && pending_.front().durable_below <= next) {
    Unanswered& pending = done.emplace_back(std::move(pending_.front()));
    pending_.pop_front();
    merge(changes, std::move(pending.changes), places);
  }
  if (done.empty()) return;
  if (!projections_.commit(partition_, changes, next)) {
    std::move(pending_.begin(), pending_.end(), std::back_inserter(done));
    pending_ = std::move(done);
    on_failure();
    return;
  }
  overlay_.forget(changes);
  for (Unanswered& pending : done) {
    if (!pending.key_hash.empty()) in_flight_.erase(pending.key_hash);
    answer(counters_, pending);
  }
}

void PartitionWriter::on_failure() noexcept {
  if (state_ == State::kFenced) return;
  state_ = State::kFenced;
  overlay_.clear();
  in_flight_.clear();
  while (!pending_.empty()) {
    Unanswered pending = std::move(pending_.front());
    pending_.pop_front();
    pending.outcome = tl::unexpected(unknown_outcome());
    answer(counters_, pending);
  }
}

std::deque<Unanswered> PartitionWriter::give_up() noexcept {
  state_ = State::kFenced;
  overlay_.clear();
  in_flight_.clear();
  return std::exchange(pending_, {});
}

}  // namespace keyfold::actors
