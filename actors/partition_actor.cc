#include "actors/partition_actor.h"

namespace keyfold::actors {
namespace {

constexpr std::chrono::milliseconds kTickInterval{50};

void call(PartitionReplica& replica, ReplicaCall what) {
  switch (what) {
    case ReplicaCall::kAssigned:
      return replica.on_assigned();
    case ReplicaCall::kRevoked:
      return replica.on_revoked();
    case ReplicaCall::kGrown:
      return replica.on_grown();
    case ReplicaCall::kTick:
      return replica.on_tick();
    case ReplicaCall::kDrain:
      return replica.drain();
  }
}

}  // namespace

caf::behavior partition_actor(caf::event_based_actor* self, const std::shared_ptr<PartitionWriter>& writer) {
  return {
      [writer](const SubmissionPtr& submission) {
        after_receiving(submission.get());
        writer->submit(std::move(submission->command), std::move(submission->sink));
      },
      [writer](const DurablePtr& durable) {
        after_receiving(durable.get());
        if (durable->status) {
          writer->on_durable(durable->next);
        } else {
          writer->on_failure();
        }
      },
      [self](Stop) { self->quit(); },
  };
}

void SharedReplica::publish() {
  ReplicaStatus now = replica->status();
  owns.store(now.role == ReplicaStatus::Role::kOwning, std::memory_order_relaxed);
  const std::lock_guard lock(mutex);
  status = std::move(now);
}

caf::behavior replica_actor(caf::event_based_actor* self, const std::shared_ptr<SharedReplica>& shared) {
  after_receiving(shared.get());
  self->delayed_send(self, kTickInterval, ReplicaCall::kTick);
  return {
      [shared](const SubmissionPtr& submission) {
        after_receiving(submission.get());
        shared->replica->submit(std::move(submission->command), std::move(submission->sink));
      },
      [shared](const DurablePtr& durable) {
        after_receiving(durable.get());
        shared->replica->on_appended(durable->status);
      },
      [shared](const ForwardedPtr& forwarded) {
        after_receiving(forwarded.get());
        shared->replica->on_forwarded(forwarded->number, forwarded->reply);
      },
      [self, shared](ReplicaCall what) {
        after_receiving(shared.get());
        // First, so that growth after this look at the log is told again.
        if (what == ReplicaCall::kGrown) shared->has_grown.store(false);
        call(*shared->replica, what);
        if (what != ReplicaCall::kGrown) shared->publish();
        if (what == ReplicaCall::kDrain) {
          shared->has_drained.store(true);
          shared->has_drained.notify_all();
        }
        if (what == ReplicaCall::kTick) self->delayed_send(self, kTickInterval, ReplicaCall::kTick);
      },
      [self](Stop) { self->quit(); },
  };
}

}  // namespace keyfold::actors
