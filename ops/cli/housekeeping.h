#pragma once

#include <cstdint>

#include "ops/cli/node.h"
#include "ops/cli/periodic_task.h"

namespace keyfold::ops {

/// What a node does without being asked, each on a thread of its own: destroys data keys whose time has come, drops old
/// usage, refills credits at the turn of the UTC day, finishes rotations of data keys, publishes checkpoints, and sends
/// webhooks. Begins at once.
class Housekeeping {
 public:
  /// The node outlives this.
  Housekeeping(Node& node, const v1::Config& config);

  ~Housekeeping();  // stops
  Housekeeping(const Housekeeping&) = delete;
  Housekeeping& operator=(const Housekeeping&) = delete;

  /// Goes on with rotations now instead of within a minute. Thread-safe.
  void wake_reseals() { reseals_.wake(); }
  /// Ends all of it. Safe to call twice.
  void stop();

 private:
  PeriodicTask expiry_;
  PeriodicTask usage_;
  PeriodicTask refills_;
  PeriodicTask reseals_;
  PeriodicTask checkpoints_;
  PeriodicTask directory_;
  PeriodicTask snapshots_;
  Node& node_;
  PeriodicTask webhooks_;
};

}  // namespace keyfold::ops
