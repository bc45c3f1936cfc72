#pragma once

#include <iosfwd>
#include <optional>

#include "events/log.h"
#include "keyfold/v1/config.pb.h"

// Commands about the log of a data directory.
namespace keyfold::ops {

/// What to print: all partitions one after the other, or one.
struct TailRequest {
  events::Sequence from = 0;
  std::optional<events::PartitionId> partition;
  enum class After { kEnd, kFollow } after = After::kEnd;
};

/// Prints events as JSON lines, from the running server or else from the directory. Following goes on until the
/// process is ended or `out` fails, and needs a running server.
[[nodiscard]] Status tail_events(const v1::Config& config, const TailRequest& request, std::ostream& out);

/// Checks every record of the log, whether a server runs or not, and prints each partition's head.
[[nodiscard]] Status verify_log(const v1::Config& config, std::ostream& out);

}  // namespace keyfold::ops
