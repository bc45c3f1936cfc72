#pragma once

#include <functional>
#include <optional>
#include <string>

#include "ops/replay/logs_check.h"

namespace keyfold::ops {

/// Fetches a file of a log by its path below the log's URL: `checkpoint`, `tile/0/000.p/5`.
using FileSource = std::function<Result<std::string>(const std::string& path)>;

struct LiveRequest {
  FileSource fetch;
  events::NoteVerifier verifier;
  std::optional<events::TreeHead> since;  // an older checkpoint, whose signature was checked
  enum class Entries { kSkip, kRead } entries = Entries::kSkip;
};

struct LiveReport {
  CheckedLog log;
  std::string checkpoint;  // the one that was fetched, once it is believed
};

/// Checks a log that is served, by C2SP tlog-tiles, with its public key alone: the checkpoint's signature, every tile
/// against the root, the older checkpoint as its beginning, and, where they may be read, the entries against the tiles
/// and against each other. Errors are those of fetching; what is wrong with the log is in the report.
[[nodiscard]] Result<LiveReport> check_live_log(const LiveRequest& request);

}  // namespace keyfold::ops
