#pragma once

#include <rocksdb/write_batch.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "events/kafka/copy_fold.h"
#include "events/log_directory.h"
#include "events/rocks_store.h"

namespace keyfold::events {

/// What a copy is of.
struct CopyOrigin {
  std::string cluster_id;
  std::string topic;
  std::uint32_t partitions = 0;
};

/// A node's own copy of the events that count, and how far it has read the topic. Written with a WAL but no fsync: what
/// a crash takes is read from the topic again. Records and marks of one batch are kept together or not at all. One
/// process owns the directory, which holds `copy/`, RocksDB's, and `OWNER`.
class LogCopy {
 public:
  /// Makes it when there is none. kFailedPrecondition when it is the copy of another topic, or the directory holds an
  /// embedded log.
  [[nodiscard]] static Result<LogCopy> open(const std::filesystem::path& directory, const CopyOrigin& origin,
                                            std::size_t wal_bytes_max);
  LogCopy(LogCopy&&) = default;
  LogCopy& operator=(LogCopy&&) = delete;
  ~LogCopy();

  [[nodiscard]] const RocksStore& store() const { return *store_; }
  [[nodiscard]] Result<TopicMark> mark(PartitionId partition) const;
  [[nodiscard]] rocksdb::Status put_mark(PartitionId partition, const TopicMark& mark,
                                         rocksdb::WriteBatch& batch) const;
  [[nodiscard]] Status write(rocksdb::WriteBatch& batch) const;

 private:
  LogCopy(DirectoryOwner owner, std::unique_ptr<RocksStore> store, std::filesystem::path directory)
      : owner_(std::move(owner)), store_(std::move(store)), directory_(std::move(directory)) {}
  [[nodiscard]] Status check_origin(const CopyOrigin& origin) const;

  DirectoryOwner owner_;
  std::unique_ptr<RocksStore> store_;
  std::filesystem::path directory_;
};

/// What to do about a copy that can't be used.
inline constexpr const char* kRemoveCopyHint =
    "it is only a copy: remove the log's and the read models' directories, and the next start reads the topic anew";

}  // namespace keyfold::events
