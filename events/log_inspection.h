#pragma once

#include <optional>
#include <string>
#include <vector>

#include "events/embedded_log.h"
#include "events/log_checkpoint.h"
#include "events/rocks_store.h"

// What is decided about an embedded log's directory before it is used.
namespace keyfold::events {

/// Version of the directory's layout and of the stored bytes; a higher one found on disk is refused.
inline constexpr std::uint32_t kLogFormat = 1;

/// A log that may be used: whose head is where.
struct InspectedLog {
  std::string log_id;
  std::vector<ChainState> heads;  // one a partition
};

/// Makes a new database, whole or not at all: it is built beside its place and moved there.
[[nodiscard]] Status create_database(const EmbeddedLogOptions& options);

/// Reads what the log says about itself, its heads and its last (or all) records, and holds them against the
/// checkpoint; `checkpoint` is nothing when the file is missing. Refuses what EmbeddedLog refuses.
[[nodiscard]] Result<InspectedLog> inspect(const RocksStore& store, const EmbeddedLogOptions& options,
                                           const std::optional<LogCheckpoint>& checkpoint);

}  // namespace keyfold::events
