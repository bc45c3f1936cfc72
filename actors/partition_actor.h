#pragma once

// Private to this folder: the only header that knows CAF.

#include <caf/all.hpp>
#include <memory>
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif

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

/// Asks the actor to end; nothing may be in flight.
struct Stop {};

/// Tell ThreadSanitizer that what was written before a message was sent is there when it arrives. CAF's mailbox
/// guarantees it, but the packaged CAF is not instrumented. Nothing in other builds.
inline void before_sending([[maybe_unused]] const void* message) {
#ifdef __SANITIZE_THREAD__
  __tsan_release(const_cast<void*>(message));
#endif
}
inline void after_receiving([[maybe_unused]] const void* message) {
#ifdef __SANITIZE_THREAD__
  __tsan_acquire(const_cast<void*>(message));
#endif
}

/// The partition's actor: it runs its writer, one message at a time, and takes
/// - SubmissionPtr: decide this command;
/// - DurablePtr: an append was synced, or failed;
/// - Stop: end.
caf::behavior partition_actor(caf::event_based_actor* self, const std::shared_ptr<PartitionWriter>& writer);

}  // namespace keyfold::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(keyfold::actors::SubmissionPtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(keyfold::actors::DurablePtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(keyfold::actors::Stop)
