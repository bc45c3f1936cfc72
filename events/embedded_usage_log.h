#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "events/usage_log.h"

namespace keyfold::events {

struct UsageLogOptions {
  std::filesystem::path directory;
  enum class Mode { kReadWrite, kReadOnly } mode = Mode::kReadWrite;
  /// What the stream is a copy of, in words; empty when it has batches of its own. With kReadOnly any will do.
  std::string source;
};

/// A usage stream in a directory of its own.
///
/// What can be lost: an appended batch survives the end of the process in any way, because it is in the kernel's hands
/// then; a crash of the operating system or a power failure may take the last batches (never one in the middle), except
/// those before a `sync`. After a failed append the stream is as before.
///
/// The directory: `db/` is RocksDB's, `OWNER` is locked by the owning process. Refused, with what to do: a directory
/// that another process holds, one of a newer format, batches of another source, a damaged last batch.
class EmbeddedUsageLog : public UsageLog {
 public:
  /// With kReadWrite makes the directory when it is missing; with kReadOnly a missing one is kNotFound.
  [[nodiscard]] static Result<std::unique_ptr<EmbeddedUsageLog>> open(const UsageLogOptions& options);

  /// Drops everything and goes on at `sequence`, so that `first` and `next` are that. For a copy of a stream that was
  /// itself dropped up to there. kInvalidArgument for a sequence below `next`. Comes from the thread that appends.
  [[nodiscard]] virtual Status skip_to(Sequence sequence) = 0;
};

}  // namespace keyfold::events
