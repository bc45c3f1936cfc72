#pragma once

#include <functional>
#include <vector>

#include "events/log.h"

namespace keyfold::events {

/// A log that several processes append to. Who may append to a partition is decided by its chain alone: a record that
/// does not extend it is void for every reader. Appends to one partition come from one thread at a time; different
/// partitions are independent of each other, so an append carries one partition.
///
/// What `append` answers:
/// - success: this process has read all of it back as accepted;
/// - kFailedPrecondition: the partition has another writer now, or the records don't extend the chain. Some of them, in
///   whole batches from the first one on, may have been accepted before that; `read` tells which. The others are void
///   for ever;
/// - kUnknownOutcome: time ran out. They may be accepted at any later moment, until another epoch was opened. Nothing
///   more of them is sent.
class SharedLog : public Log {
 public:
  /// Told that the partition's tail has moved, by whosever records; on a thread of the log, must not block. Set once,
  /// before the first append; never called after `stop_listening` has returned.
  using GrowthListener = std::function<void(PartitionId)>;
  virtual void listen(GrowthListener listener) = 0;
  virtual void stop_listening() = 0;
};

/// Suggests which partitions this process should own. Only a suggestion: two processes may hold the same partition for
/// a while, and the chain decides between them.
class Membership {
 public:
  virtual ~Membership() = default;
  struct Listener {
    std::function<void(const std::vector<PartitionId>&)> assigned;
    std::function<void(const std::vector<PartitionId>&)> revoked;  // also: lost
  };
  /// Joins; the listener is called on a thread of the membership, and must not block. Once.
  [[nodiscard]] virtual Status join(Listener listener) = 0;
  /// Leaves, so that the others take over at once; the listener is not called after it has returned. Safe to repeat.
  virtual void leave() = 0;
};

}  // namespace keyfold::events
