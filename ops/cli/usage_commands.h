#pragma once

#include <iosfwd>

#include "events/usage_log.h"
#include "keyfold/v1/config.pb.h"

// Commands about the usage stream of a data directory.
namespace keyfold::ops {

/// What to print of the stream: batches from a sequence on, or from the first that is kept.
struct UsageTailRequest {
  events::Sequence from = 0;
  enum class After { kEnd, kFollow } after = After::kEnd;
};

/// Prints usage events as JSON lines, from the running server or else from the directory. Following goes on until the
/// process is ended or `out` fails, and needs a running server.
[[nodiscard]] Status tail_usage(const v1::Config& config, const UsageTailRequest& request, std::ostream& out);

}  // namespace keyfold::ops
