#pragma once

#include <cstdint>

#include "ops/cli/node.h"
#include "ops/cli/periodic_task.h"

namespace keyfold::ops {

/// What a node does without being asked, each on a thread of its own: destroys data keys whose time has come, drops old
/// usage, refills credits at the turn of the UTC day, and finishes rotations of data keys. Begins at once.
class Housekeeping {
 public:
  /// The node outlives this.
  Housekeeping(Node& node, std::int64_t usage_retention_ms);

  /// Goes on with rotations now instead of within a minute. Thread-safe.
  void wake_reseals() { reseals_.wake(); }
  /// Ends all of it. Safe to call twice.
  void stop();

 private:
  PeriodicTask expiry_;
  PeriodicTask usage_;
  PeriodicTask refills_;
  PeriodicTask reseals_;
};

}  // namespace keyfold::ops
