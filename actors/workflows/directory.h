#pragma once

#include <stop_token>

#include "actors/audit/audit_logs.h"
#include "actors/runtime.h"

namespace keyfold::actors {

/// Puts the partitions' latest checkpoints onto the log, where they are the leaves of the directory log: who follows
/// that one log alone knows of all. Only the node that owns the directory's partition does so. Not thread-safe.
class DirectoryWorkflow {
 public:
  /// All outlive this.
  DirectoryWorkflow(Runtime& runtime, const AuditLogs& logs, const projections::AuditStore& trees, const Clock& clock);

  /// One pass; nothing happens when no partition has grown by anything but the directory's own events. False when the
  /// command was not accepted: the next pass tries again.
  [[nodiscard]] bool run(const std::stop_token& stop);

 private:
  Runtime& runtime_;
  const AuditLogs& logs_;
  const projections::AuditStore& trees_;
  const Clock& clock_;
};

}  // namespace keyfold::actors
