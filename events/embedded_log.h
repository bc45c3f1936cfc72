#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "events/log.h"

namespace keyfold::events {

struct EmbeddedLogOptions {
  std::filesystem::path directory;
  /// Fixed when the directory is first created; a different value later is refused. 0: as the directory has it.
  std::uint32_t partitions = 4;
  enum class Mode { kReadWrite, kReadOnly } mode = Mode::kReadWrite;
  /// How much is verified before the log opens: the last records of each partition, or every one.
  enum class Verify { kTail, kAll } verify = Verify::kTail;
  std::size_t verify_tail_records = 65'536;
  /// Authenticates the checkpoint file beside the database (HMAC); empty: a fixed key, which only detects accidents.
  std::string checkpoint_key;
  /// Keys of before, under which a checkpoint is accepted too; a writer's first one is under `checkpoint_key` again.
  std::vector<std::string> previous_checkpoint_keys;
  /// What to do with a log that holds records but has no CHECKPOINT file. kAccept is the way out after a disaster: an
  /// operator removes the file and opens once; every record is verified, and what the database holds then counts.
  enum class MissingCheckpoint { kRefuse, kAccept } missing_checkpoint = MissingCheckpoint::kRefuse;
  std::size_t wal_bytes_max = std::size_t{256} << 20;
};

/// The log on RocksDB: one column family for events, one for erasable entries, group commit with fsync. One process
/// owns the directory; others may open it read-only and see what was durable then (they don't see later records).
/// Refuses to open, with what to do: a directory that another process holds, one of a newer format, a damaged record
/// (with its position), a head behind the signed checkpoint. All of this is decided before anything on disk is
/// touched. A failed write or fsync ends the process and is never retried.
///
/// The directory: `db/` is RocksDB's, `CHECKPOINT` says how far the log was known to reach (at most a second old while
/// records arrive), `OWNER` is locked by the owning process and holds its id.
///
/// Limits: 1 to 1,024 partitions, 65,535 bytes of header, 16 MiB of payload.
class EmbeddedLog : public Log, public ErasableStore {
 public:
  [[nodiscard]] static Result<std::unique_ptr<EmbeddedLog>> open(EmbeddedLogOptions options);
  /// Checks checksum, payload hash, sequence and chain of every record from the beginning; the first damage is
  /// kDataLoss with its position.
  [[nodiscard]] virtual Status verify_all() const = 0;
};

}  // namespace keyfold::events
