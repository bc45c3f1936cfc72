#include "actors/cluster/partition_replica.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <utility>

#include "actors/cluster/outcome_codec.h"
#include "projections/partition.h"
#include "projections/projector.h"
#include "schemas/base/reached.h"

namespace keyfold::actors {
namespace {

/// Of one commit while following.
constexpr std::size_t kFoldEventsMax = 4'000;
/// Between attempts to open a partition that somebody else writes to: doubles up to the second.
constexpr std::int64_t kOpenPauseMs = 20;
constexpr std::int64_t kOpenPauseMsMax = 1'000;
/// Until a command is offered again to an owner that could not be reached, or says that it is none.
constexpr std::int64_t kForwardPauseMs = 50;

}  // namespace

PartitionReplica::PartitionReplica(events::PartitionId partition, const events::SharedLog& log,
                                   projections::Projections& projections, const Clock& clock, ReplicaPorts& ports,
                                   PartitionCounters& counters, ReplicaOptions options)
    : partition_(partition),
      log_(log),
      projections_(projections),
      clock_(clock),
      ports_(ports),
      counters_(counters),
      options_(std::move(options)) {
  if (const auto row = projections::find_partition(projections_.reader(partition))) {
    epoch_ = row->epoch();
    owner_ = {row->node_id(), row->node_address()};
  }
  const auto time_ms = last_time_ms(log_, partition_);
  if (time_ms) {
    last_time_ms_ = *time_ms;
    catch_up();
  } else {
    fail_for_good(time_ms.error().to_string());
  }
}

// ---- commands

void PartitionReplica::submit(v1::Command command, std::unique_ptr<OutcomeSink> sink) {
  if (!failure_.empty()) {
    return answer(counters_, *sink,
                  tl::unexpected(Rejection{RejectionCode::kOverloaded,
                                           "This node can't follow its log any more and needs a restart."}));
  }
  if (decides() && !is_draining_) return writer_->submit(std::move(command), std::move(sink));
  if (is_draining_ || (sink->origin() == OutcomeSink::Origin::kPeer && role_ != Role::kOpening)) {
    return answer(counters_, *sink, tl::unexpected(no_owner()));
  }
  wait_for_owner(std::move(command), std::move(sink));
  pump();
}

void PartitionReplica::wait_for_owner(v1::Command command, std::unique_ptr<OutcomeSink> sink) {
  queue_.push_back({std::move(command), std::move(sink), ports_.now_ms() + options_.owner_timeout_ms});
}

bool PartitionReplica::can_forward() const {
  return role_ == Role::kFollowing && !owner_.address.empty() && owner_.id != options_.node.id &&
         ports_.now_ms() >= forward_again_at_ms_;
}

/// Moves what waits on, as far as there is somebody to decide it.
void PartitionReplica::pump() {
  while (!queue_.empty() && (decides() || can_forward())) {
    Waiting next = std::move(queue_.front());
    queue_.pop_front();
    if (decides()) {
      writer_->submit(std::move(next.command), std::move(next.sink));
    } else {
      forward(std::move(next));
    }
  }
}

void PartitionReplica::forward(Waiting command) {
  const std::uint64_t number = ++forwards_;
  const auto sent = forwarded_.emplace(number, std::move(command)).first;
  ports_.forward(number, owner_.address, sent->second.command);
}

void PartitionReplica::on_forwarded(std::uint64_t number, const ForwardReply& reply) {
  auto found = forwarded_.extract(number);
  if (found.empty()) return;  // answered while draining
  Waiting& waiting = found.mapped();
  const bool nothing_happened = reply.kind == ForwardReply::Kind::kNotSent ||
                                (reply.kind == ForwardReply::Kind::kAnswered && reply.outcome.not_owner());
  // A repeat of a command with an idempotency key does nothing twice, wherever it arrives.
  if (nothing_happened || (reply.kind == ForwardReply::Kind::kLost && waiting.command.has_idempotency())) {
    KEYFOLD_REACHED("a forwarded command is offered again");
    forward_again_at_ms_ = ports_.now_ms() + kForwardPauseMs;
    queue_.push_back(std::move(waiting));
    return pump();
  }
  if (reply.kind == ForwardReply::Kind::kLost) {
    KEYFOLD_REACHED("a forwarded command's outcome is unknown");
    return answer(counters_, *waiting.sink, tl::unexpected(unknown_outcome()));
  }
  Outcome outcome = from_forwarded(reply.outcome, partition_);
  if (!outcome) return answer(counters_, *waiting.sink, std::move(outcome));
  const events::Sequence sequence = outcome->position.sequence;
  applying_.emplace(sequence, Applying{*std::move(outcome), std::move(waiting.sink)});
  deliver_applied();
}

/// Answers commands of other nodes' partitions as soon as this node's next answer will show their effects.
void PartitionReplica::deliver_applied() {
  const events::Sequence next = projections_.next(partition_);
  while (!applying_.empty() && applying_.begin()->first < next) {
    Applying applied = std::move(applying_.begin()->second);
    applying_.erase(applying_.begin());
    answer(counters_, *applied.sink, std::move(applied.accepted));
  }
}

// ---- ownership

void PartitionReplica::on_assigned() {
  is_assigned_ = true;
  is_releasing_ = false;
  open_pause_ms_ = 0;
  open();
  pump();
}

void PartitionReplica::on_revoked() {
  is_assigned_ = false;
  if (role_ != Role::kOwning) return;
  is_releasing_ = true;
  release_when_idle();
}

void PartitionReplica::release_when_idle() {
  if (!is_releasing_ || !writer_->is_idle()) return;
  KEYFOLD_REACHED("an owner lets its partition go");
  writer_.reset();
  role_ = Role::kFollowing;
  is_releasing_ = false;
}

void PartitionReplica::open() {
  if (!is_assigned_ || is_draining_ || role_ != Role::kFollowing || is_appending_ || !failure_.empty()) return;
  if (ports_.now_ms() < open_again_at_ms_) return;
  catch_up();
  if (!failure_.empty()) return;
  const events::ChainState tail = log_.tail(partition_);
  if (projections_.next(partition_) != tail.next) return;  // the tail moves: the next tick tries again
  Opening opening = make_opening(partition_, tail, std::max(clock_.now_ms(), last_time_ms_), options_.node);
  opening_ = opening.start;
  role_ = Role::kOpening;
  is_appending_ = true;
  ports_.append(std::move(opening.append));
}

void PartitionReplica::own() {
  const PartitionStart start = *std::exchange(opening_, std::nullopt);
  role_ = Role::kFollowing;
  catch_up();
  const events::ChainState tail = log_.tail(partition_);
  if (!failure_.empty() || tail.next != start.chain.next || tail.last_hash != start.chain.last_hash) {
    KEYFOLD_REACHED("an owner was followed at once by another one");
    settle();
    refuse_peers();
    return pump();
  }
  ++takeovers_;
  open_pause_ms_ = 0;
  role_ = Role::kOwning;
  writer_.emplace(
      partition_, start, projections_,
      [this](events::Sequence first, std::vector<events::Record> records) { append(first, std::move(records)); },
      counters_);
  is_releasing_ = !is_assigned_;
  settle();
  if (is_releasing_) refuse_peers();
  pump();
  release_when_idle();
}

/// Another writer took over, or an append's outcome is not known: this epoch is over for this node.
void PartitionReplica::step_down() {
  ++fenced_;
  const std::int64_t deadline_ms = ports_.now_ms() + options_.outcome_timeout_ms;
  for (Unanswered& command : writer_->give_up()) unsettled_.push_back({std::move(command), epoch_, deadline_ms});
  writer_.reset();
  outbox_ = {};
  role_ = Role::kFollowing;
  is_releasing_ = false;
  catch_up();
  settle();
  if (is_draining_) drain();
}

void PartitionReplica::refuse_peers() {
  std::deque<Waiting> kept;
  for (Waiting& waiting : queue_) {
    if (waiting.sink->origin() == OutcomeSink::Origin::kPeer) {
      answer(counters_, *waiting.sink, tl::unexpected(no_owner()));
    } else {
      kept.push_back(std::move(waiting));
    }
  }
  queue_ = std::move(kept);
}

// ---- appending

void PartitionReplica::append(events::Sequence first, std::vector<events::Record> records) {
  if (outbox_.records.empty()) outbox_ = {partition_, first, {}};
  std::move(records.begin(), records.end(), std::back_inserter(outbox_.records));
  flush();
}

void PartitionReplica::flush() {
  if (is_appending_ || outbox_.records.empty()) return;
  is_appending_ = true;
  appending_to_ = outbox_.first + outbox_.records.size();
  ports_.append(std::exchange(outbox_, {}));
}

void PartitionReplica::on_appended(const Status& status) {
  is_appending_ = false;
  if (role_ == Role::kOpening) {
    if (status) return own();
    KEYFOLD_REACHED("a partition could not be opened");
    role_ = Role::kFollowing;
    opening_.reset();
    open_pause_ms_ = std::clamp(open_pause_ms_ * 2, kOpenPauseMs, kOpenPauseMsMax);
    open_again_at_ms_ = ports_.now_ms() + open_pause_ms_;
    catch_up();
    settle();
    refuse_peers();
    return pump();
  }
  if (role_ == Role::kOwning) {
    if (status) {
      const events::Sequence durable = appending_to_;
      // First, so that the next append is under way while this one is applied.
      flush();
      writer_->on_durable(durable);
      if (writer_->has_failed()) return fail_for_good("the read models can't be written");
      return release_when_idle();
    }
    KEYFOLD_REACHED("an owner's append was not accepted");
    step_down();
  }
  // The append of an epoch that is over; what it brought was settled, or will be, by the log.
  open();
  pump();
}

// ---- following

void PartitionReplica::on_grown() {
  if (!failure_.empty()) return;
  if (role_ == Role::kOwning) {
    if (log_.tail(partition_).epoch <= epoch_) return;
    KEYFOLD_REACHED("an owner sees another one on the log");
    step_down();
  } else {
    catch_up();
    settle();
  }
  pump();
}

void PartitionReplica::catch_up() {
  if (!failure_.empty()) return;
  if (Status folded = fold_to(log_.tail(partition_).next); !folded) return fail_for_good(folded.error().to_string());
  deliver_applied();
}

Status PartitionReplica::fold_to(events::Sequence end) {
  for (events::Sequence from = projections_.next(partition_); from < end;) {
    projections::Overlay overlay(projections_.reader(partition_));
    Status decoded;
    const std::size_t records_max = std::min<events::Sequence>(end - from, kFoldEventsMax);
    const auto next = log_.read(partition_, from, records_max, [&](events::Sequence, events::RecordView record) {
      decoded = events::decode(record, event_);
      if (!decoded) return false;
      note(event_);
      projections::fold(event_, overlay);
      return true;
    });
    if (!next) return tl::unexpected(next.error());
    if (!decoded) return decoded;
    if (*next <= from) {
      return fail(ErrorCode::kDataLoss, "the log ends before its own tail",
                  events::to_string(events::Position{partition_, from}));
    }
    if (Status committed = projections_.commit(partition_, overlay.take(), *next); !committed) return committed;
    from = *next;
  }
  return {};
}

void PartitionReplica::note(const events::Event& event) {
  last_time_ms_ = event.header.time_ms();
  if (!event.payload.has_partition_opened()) return;
  epoch_ = event.header.epoch();
  owner_ = {event.payload.partition_opened().node_id(), event.payload.partition_opened().node_address()};
  forward_again_at_ms_ = 0;
}

// ---- settling what was under way when an epoch ended

/// Answers what the log can tell about by now. Commands of one epoch are settled in their order, because a later one
/// may rest on an earlier one.
void PartitionReplica::settle() {
  while (!unsettled_.empty()) {
    Unsettled& oldest = unsettled_.front();
    const auto accepted = is_on_log(oldest.command);
    if (!accepted) return fail_for_good(accepted.error().to_string());
    if (!*accepted && epoch_ <= oldest.epoch) return;
    Unanswered command = std::move(oldest.command);
    unsettled_.pop_front();
    if (*accepted) {
      KEYFOLD_REACHED("a command of an epoch that is over turned out accepted");
      answer(counters_, command);
    } else {
      KEYFOLD_REACHED("a command of an epoch that is over turned out void");
      start_anew(std::move(command));
    }
  }
}

Result<bool> PartitionReplica::is_on_log(const Unanswered& command) const {
  if (projections_.next(partition_) < command.durable_below) return false;
  bool is_same = false;
  const auto read =
      log_.read(partition_, command.durable_below - 1, 1, [&](events::Sequence, events::RecordView record) {
        is_same = events::leaf_hash(record.header) == command.chain_hash;
        return false;
      });
  if (!read) return tl::unexpected(read.error());
  return is_same;
}

/// Nothing of the command will ever count, so it may be decided again, by whoever owns the partition now.
void PartitionReplica::start_anew(Unanswered command) {
  for (auto& sink : command.sinks) {
    if (is_draining_ || sink->origin() == OutcomeSink::Origin::kPeer) {
      answer(counters_, *sink, tl::unexpected(no_owner()));
    } else {
      wait_for_owner(command.command, std::move(sink));
    }
  }
}

void PartitionReplica::answer_unknown(Unanswered command) {
  command.outcome = tl::unexpected(unknown_outcome());
  answer(counters_, command);
}

// ---- time

void PartitionReplica::on_tick() {
  const std::int64_t now_ms = ports_.now_ms();
  while (!unsettled_.empty() && unsettled_.front().deadline_ms <= now_ms) {
    KEYFOLD_REACHED("the log did not tell in time about a command");
    Unanswered command = std::move(unsettled_.front().command);
    unsettled_.pop_front();
    answer_unknown(std::move(command));
  }
  open();
  pump();
  for (std::size_t left = queue_.size(); left > 0; --left) {
    Waiting waiting = std::move(queue_.front());
    queue_.pop_front();
    if (waiting.deadline_ms > now_ms) {
      queue_.push_back(std::move(waiting));
      continue;
    }
    KEYFOLD_REACHED("no owner was found in time");
    answer(counters_, *waiting.sink, tl::unexpected(no_owner()));
  }
}

void PartitionReplica::drain() {
  is_draining_ = true;
  is_assigned_ = false;
  for (Waiting& waiting : std::exchange(queue_, {})) answer(counters_, *waiting.sink, tl::unexpected(no_owner()));
  for (auto& [number, waiting] : std::exchange(forwarded_, {})) {
    answer(counters_, *waiting.sink, tl::unexpected(unknown_outcome()));
  }
  // They are accepted: only their effects are not visible on this node, which answers nobody any more.
  for (auto& [sequence, applying] : std::exchange(applying_, {})) {
    answer(counters_, *applying.sink, std::move(applying.accepted));
  }
  for (Unsettled& unsettled : std::exchange(unsettled_, {})) answer_unknown(std::move(unsettled.command));
}

void PartitionReplica::fail_for_good(std::string reason) {
  failure_ = std::move(reason);
  role_ = Role::kFollowing;
  is_assigned_ = false;
  if (writer_) {
    for (Unanswered& command : writer_->give_up()) answer_unknown(std::move(command));
    writer_.reset();
  }
  drain();
}

ReplicaStatus PartitionReplica::status() const {
  ReplicaStatus status;
  status.role = role_;
  status.next = projections_.next(partition_);
  status.epoch = epoch_;
  status.owner = owner_;
  status.waiting = queue_.size() + forwarded_.size() + applying_.size() + unsettled_.size();
  status.takeovers = takeovers_;
  status.fenced = fenced_;
  status.forwards = forwards_;
  status.failure = failure_;
  return status;
}

}  // namespace keyfold::actors
