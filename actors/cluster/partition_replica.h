#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "actors/partition_writer.h"
#include "actors/takeover.h"
#include "events/shared_log.h"
#include "keyfold/v1/cluster.pb.h"
#include "schemas/base/clock.h"

namespace keyfold::actors {

/// What became of a command that was sent to another node.
struct ForwardReply {
  enum class Kind {
    kAnswered,
    kNotSent,  // the node could not be reached: nothing happened
    kLost,     // sent, but no answer came: it may have happened
  };
  Kind kind = Kind::kNotSent;
  v1::ForwardedOutcome outcome;  // of kAnswered
};

/// What a replica asks of the world around it. Nothing here may call back before it returns.
class ReplicaPorts {
 public:
  virtual ~ReplicaPorts() = default;
  /// Appends to the shared log; `on_appended` tells what came of it. One at a time.
  virtual void append(events::Append append) = 0;
  /// Sends the command to the node at that address; `on_forwarded` with the same number tells what came of it.
  virtual void forward(std::uint64_t number, const std::string& address, const v1::Command& command) = 0;
  /// Milliseconds of a clock that never goes back.
  [[nodiscard]] virtual std::int64_t now_ms() const = 0;
};

struct ReplicaOptions {
  NodeAddress node;
  /// How long a command may wait for an owner.
  std::int64_t owner_timeout_ms = 10'000;
  /// How long a command may wait until it is known whether it is on the log.
  std::int64_t outcome_timeout_ms = 30'000;
};

/// One partition on one node of a cluster. It follows the log: what any node appended is folded into this node's read
/// models. When it is assigned the partition, it catches up, appends PartitionOpened, and owns the partition once that
/// record is read back as accepted; from then on a PartitionWriter decides. A higher epoch on the log, or an append
/// that was not accepted, makes it a follower again. Commands that were under way then are settled by what the log
/// says: accepted ones are answered, void ones begin anew with whoever owns the partition now, and where time runs out
/// before the log can tell, the client is told so.
///
/// Clients' commands for a partition that another node owns are forwarded to it and answered when their events have
/// been applied here, so that the next request to this node sees them.
///
/// Not thread-safe: its actor calls it, one call at a time.
class PartitionReplica {
 public:
  using Role = ReplicaStatus::Role;

  PartitionReplica(events::PartitionId partition, const events::SharedLog& log, projections::Projections& projections,
                   const Clock& clock, ReplicaPorts& ports, PartitionCounters& counters, ReplicaOptions options);

  void submit(v1::Command command, std::unique_ptr<OutcomeSink> sink);

  /// The membership suggests to take the partition over, or to let it go.
  void on_assigned();
  void on_revoked();
  /// The log's tail has moved.
  void on_grown();
  void on_appended(const Status& status);
  void on_forwarded(std::uint64_t number, const ForwardReply& reply);
  /// Every now and then, a few times a second: deadlines and retries.
  void on_tick();
  /// Takes no more commands and answers those that nothing will decide soon.
  void drain();

  [[nodiscard]] ReplicaStatus status() const;

 private:
  /// A command that waits for an owner, or is under way to it.
  struct Waiting {
    v1::Command command;
    std::unique_ptr<OutcomeSink> sink;
    std::int64_t deadline_ms = 0;
  };
  /// Commands of an epoch that ended before the log had told about them.
  struct Unsettled {
    Unanswered command;
    std::uint64_t epoch = 0;
    std::int64_t deadline_ms = 0;
  };
  /// A command that another node accepted and that is not applied here yet.
  struct Applying {
    Accepted accepted;
    std::unique_ptr<OutcomeSink> sink;
  };

  [[nodiscard]] bool decides() const { return role_ == Role::kOwning && !is_releasing_; }
  [[nodiscard]] bool can_forward() const;
  void wait_for_owner(v1::Command command, std::unique_ptr<OutcomeSink> sink);
  void pump();
  void forward(Waiting command);
  void refuse_peers();

  void open();
  void own();
  void release_when_idle();
  void step_down();
  void append(events::Sequence first, std::vector<events::Record> records);
  void flush();

  void catch_up();
  [[nodiscard]] Status fold_to(events::Sequence end);
  void note(const events::Event& event);
  void deliver_applied();
  void settle();
  [[nodiscard]] Result<bool> is_on_log(const Unanswered& command) const;
  void start_anew(Unanswered command);
  void fail_for_good(std::string reason);
  void answer_unknown(Unanswered command);

  const events::PartitionId partition_;
  const events::SharedLog& log_;
  projections::Projections& projections_;
  const Clock& clock_;
  ReplicaPorts& ports_;
  PartitionCounters& counters_;
  const ReplicaOptions options_;

  Role role_ = Role::kFollowing;
  bool is_assigned_ = false;
  bool is_releasing_ = false;  // owning, but decides nothing more
  bool is_draining_ = false;
  std::string failure_;

  NodeAddress owner_;        // of the last epoch that was seen
  std::uint64_t epoch_ = 0;  // that epoch
  std::int64_t last_time_ms_ = 0;

  std::optional<PartitionWriter> writer_;  // while owning
  std::optional<PartitionStart> opening_;  // while opening: where its writer begins
  events::Append outbox_;                  // decided while another append is under way
  events::Sequence appending_to_ = 0;      // everything below it is durable when the append succeeds
  bool is_appending_ = false;
  std::int64_t open_again_at_ms_ = 0;
  std::int64_t open_pause_ms_ = 0;
  std::int64_t forward_again_at_ms_ = 0;

  std::deque<Waiting> queue_;
  std::unordered_map<std::uint64_t, Waiting> forwarded_;
  std::uint64_t forwards_ = 0;
  std::multimap<events::Sequence, Applying> applying_;
  std::deque<Unsettled> unsettled_;
  std::uint64_t takeovers_ = 0;
  std::uint64_t fenced_ = 0;
  events::Event event_;  // of the fold, reused
};

}  // namespace keyfold::actors
