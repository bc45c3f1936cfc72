#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "events/chain.h"
#include "schemas/base/result.h"

namespace keyfold::events {

/// How far a log was known to reach, kept beside its database: RocksDB may drop a torn tail in silence, and whoever
/// can change the database's files can't change this one unnoticed.
struct LogCheckpoint {
  std::string log_id;  // hexadecimal
  std::vector<ChainState> partitions;
};

/// Replaces the directory's `CHECKPOINT` file; durable when it returns.
[[nodiscard]] Status write_checkpoint(const std::filesystem::path& directory, const LogCheckpoint& checkpoint,
                                      std::string_view key);

/// kNotFound when there is none, kFailedPrecondition when it is not authentic under this key, nor under one of the
/// previous, or of a newer form.
[[nodiscard]] Result<LogCheckpoint> read_checkpoint(const std::filesystem::path& directory, std::string_view key,
                                                    const std::vector<std::string>& previous = {});

}  // namespace keyfold::events
