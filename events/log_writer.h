#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "events/log.h"

namespace keyfold::events {

/// The one thread that appends. Partitions submit records while the previous append is being synced; each append takes
/// all that has been submitted, so that one client pays one fsync and a thousand share it. No timer, no linger.
class LogWriter {
 public:
  /// Called on the writer's thread once per append and partition: everything below `next` is durable, or, with an
  /// error, nothing that was submitted since the last success may be counted on.
  using Durable = std::function<void(PartitionId, Sequence next, const Status&)>;

  LogWriter(Log& log, Durable on_durable);
  ~LogWriter();  // appends what was submitted, then ends the thread
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  /// Thread-safe, does not block on the disk. Records of one partition must be submitted in order by one thread.
  void submit(PartitionId partition, Sequence first, std::vector<Record> records);

  struct Stats {
    std::uint64_t appends = 0;
    std::uint64_t records = 0;
    std::uint64_t sync_ns = 0;  // time spent in Log::append
  };
  [[nodiscard]] Stats stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace keyfold::events
