#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "events/event.h"
#include "schemas/base/hash.h"

// Keys and values of the audit store's rows. Numbers are big endian.
namespace keyfold::projections {

/// A partition's tree, or the directory's.
using TreeId = std::uint32_t;
/// Partitions end at 1,024.
inline constexpr TreeId kDirectoryTree = 0xffff;

/// How far a partition is in the audit store.
struct AuditCheckpoint {
  events::Sequence next = 0;   // events below it are in
  std::int64_t latest_ms = 0;  // the latest time of all of them
  Digest last_hash{};          // leaf hash of the last one; zeros before the first
};
[[nodiscard]] std::string checkpoint_key(events::PartitionId partition);
[[nodiscard]] std::string encode_checkpoint(const AuditCheckpoint& checkpoint);
[[nodiscard]] std::optional<AuditCheckpoint> decode_checkpoint(std::string_view value);

/// How far the directory log is.
struct DirectoryCheckpoint {
  std::uint64_t leaves = 0;
  std::vector<std::uint64_t> sizes;  // by partition: the size of its latest checkpoint in the directory
};
inline constexpr const char* kDirectoryCheckpointKey = "directory";
[[nodiscard]] std::string encode_directory_checkpoint(const DirectoryCheckpoint& checkpoint);
/// Of a log with so many partitions.
[[nodiscard]] std::optional<DirectoryCheckpoint> decode_directory_checkpoint(std::string_view value,
                                                                             std::size_t partitions);
[[nodiscard]] std::string directory_leaf_key(std::uint64_t index);

[[nodiscard]] std::string tile_key(TreeId tree, unsigned level, std::uint64_t index);

/// What the rows of an index begin with; the event's sequence (8 bytes) comes behind it, the value is empty.
[[nodiscard]] std::string workspace_prefix(events::PartitionId partition, std::string_view workspace_id);
[[nodiscard]] std::string resource_prefix(events::PartitionId partition, std::string_view workspace_id,
                                          std::string_view kind, std::string_view id);
[[nodiscard]] std::string principal_prefix(events::PartitionId partition, std::string_view workspace_id,
                                           std::string_view principal_id);

/// Every so many events the latest time so far is noted, in the order of time.
inline constexpr events::Sequence kTimeSampleEvents = 256;
[[nodiscard]] std::string time_prefix(events::PartitionId partition);
/// `last`: the last event of those that the sample sums up.
[[nodiscard]] std::string time_key(events::PartitionId partition, std::int64_t latest_ms, events::Sequence last);

[[nodiscard]] std::string sequence_bytes(events::Sequence sequence);
/// The sequence that ends a row's key.
[[nodiscard]] events::Sequence sequence_of_key(std::string_view key);

}  // namespace keyfold::projections
