#pragma once

#include <google/protobuf/message_lite.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace keyfold::projections {

/// Where usage waits to be written: the wire form of a v1::UsageBatch, whose fields may come in any order, in shards.
/// A thread prefers one shard and takes another when that is held or full, so that it never waits. Thread-safe.
class UsageBuffer {
 public:
  /// `units_max`: how many records of at most 1 KiB may wait; a larger one counts as several.
  explicit UsageBuffer(std::size_t units_max) : units_of_shard_max_(units_max / kShards + 1) {}

  /// Adds a record as an element of the repeated field of that number; false when every shard is full.
  [[nodiscard]] bool add(int field, const google::protobuf::MessageLite& record);

  /// Moves everything that waits to the end of `out`, one text a shard, and leaves room of the same size behind.
  void take(std::vector<std::string>& out);

 private:
  static constexpr std::size_t kShards = 16;
  struct alignas(64) Shard {
    std::mutex mutex;
    std::string bytes;
    std::size_t units = 0;
    std::size_t reserve = 0;
  };

  const std::size_t units_of_shard_max_;
  std::array<Shard, kShards> shards_;
};

/// Cuts the wire form of a v1::UsageBatch into texts of at most `bytes_max` (or one larger record) between records, and
/// counts the records of each.
struct UsagePiece {
  std::string_view bytes;
  std::uint64_t records = 0;
};
[[nodiscard]] std::vector<UsagePiece> split_usage(std::string_view bytes, std::size_t bytes_max);

}  // namespace keyfold::projections
