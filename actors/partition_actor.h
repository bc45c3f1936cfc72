#pragma once

// Private to this folder: with message_order.h and cluster/peers.h the only headers that know CAF.

#include <caf/all.hpp>
#include <memory>

#include "actors/cluster/partition_replica.h"
#include "actors/message_order.h"
#include "actors/partition_writer.h"

namespace keyfold::actors {

/// A command on its way into a partition; shared because CAF copies messages.
struct Submission {
  v1::Command command;
  std::unique_ptr<OutcomeSink> sink;
};
using SubmissionPtr = std::shared_ptr<Submission>;

/// What became of an append.
struct Durable {
  events::Sequence next = 0;  // everything below it is durable
  Status status;
};
using DurablePtr = std::shared_ptr<const Durable>;

/// What became of a command that went to another node.
struct Forwarded {
  std::uint64_t number = 0;
  ForwardReply reply;
};
using ForwardedPtr = std::shared_ptr<Forwarded>;

/// To a replica: the membership's suggestion, news of the log, the time, and to take nothing more.
enum class ReplicaCall { kAssigned, kRevoked, kGrown, kTick, kDrain };

/// Asks the actor to end; nothing may be in flight.
struct Stop {};

/// The actor of a partition that this process owns: it runs its writer, one message at a time, and takes
/// - SubmissionPtr: decide this command;
/// - DurablePtr: an append was synced, or failed;
/// - Stop: end.
caf::behavior partition_actor(caf::event_based_actor* self, const std::shared_ptr<PartitionWriter>& writer);

/// A replica, and what others may know of it without asking its actor.
struct SharedReplica {
  std::unique_ptr<PartitionReplica> replica;  // the actor's own
  std::atomic<bool> has_grown{false};         // a kGrown is on its way
  std::atomic<bool> owns{false};
  std::atomic<bool> has_drained{false};  // kDrain was taken: but for what is in flight, nothing more is appended
  mutable std::mutex mutex;
  ReplicaStatus status;  // guarded by the mutex

  void publish();
};

/// The actor of a partition in a cluster: it runs its replica, and takes
/// - SubmissionPtr, DurablePtr, ForwardedPtr, ReplicaCall: see PartitionReplica;
/// - Stop: end.
caf::behavior replica_actor(caf::event_based_actor* self, const std::shared_ptr<SharedReplica>& shared);

}  // namespace keyfold::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(keyfold::actors::SubmissionPtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(keyfold::actors::DurablePtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(keyfold::actors::ForwardedPtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(keyfold::actors::ReplicaCall)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(keyfold::actors::Stop)
