#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "projections/key_index_epoch.h"
#include "projections/key_index_segments.h"

namespace keyfold::projections {

/// Where a record lies: chunk number and 8-byte word in it. Fits 40 bits; never below Arena::kFirstOffset.
using Offset = std::uint64_t;

/// Memory for records: chunks that are filled from front to back. A discarded record's space comes back only with its
/// whole chunk, at once when nothing in it is left, or when the owner moves out what is (`crowded_chunk`), so that
/// garbage stays below a quarter of the arena. One writer; readers need a ReadGuard.
class Arena {
 public:
  static constexpr unsigned kWordBits = 15;
  static constexpr std::uint32_t kChunkBytes = 8u << kWordBits;
  static constexpr Offset kFirstOffset = Offset{1} << kWordBits;

  explicit Arena(Reclaimer& reclaimer);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  [[nodiscard]] char* at(Offset offset) const {
    return chunks_[static_cast<std::uint32_t>(offset >> kWordBits)].load(std::memory_order_relaxed) +
           (offset & (kFirstOffset - 1)) * 8;
  }

  // Everything below is for the writer only.

  /// Copies a record in; its size is a multiple of 8 bytes.
  Offset append(std::string_view record);
  /// The record of that size is no longer linked.
  void discard(Offset offset, std::uint32_t size);

  struct Range {
    Offset begin;
    Offset end;
  };
  /// The records of the chunk with most garbage, when there is too much of it. To get the space back, append every
  /// record of it that is still linked elsewhere, and discard it here.
  [[nodiscard]] std::optional<Range> crowded_chunk() const;

  [[nodiscard]] std::uint64_t bytes() const {
    return bytes_ + chunks_.bytes() + states_.capacity() * sizeof(State) + free_.capacity() * sizeof(std::uint32_t);
  }

 private:
  struct State {
    std::uint32_t capacity = 0;
    std::uint32_t used = 0;
    std::uint32_t garbage = 0;  // equal to `used`: the chunk is empty, retired unless it is the one being filled
  };

  std::uint32_t open_chunk(std::uint32_t capacity);
  void retire_if_empty(std::uint32_t chunk);
  void free_chunk(std::uint32_t chunk);

  Reclaimer* reclaimer_;
  SegmentedArray<std::atomic<char*>> chunks_;
  std::vector<State> states_;  // by chunk
  std::vector<std::uint32_t> free_;
  std::uint32_t filling_ = 0;  // 0: none yet
  std::uint64_t in_use_ = 0;   // bytes of chunks that are not retired
  std::uint64_t garbage_ = 0;  // bytes in those
  std::uint64_t bytes_ = 0;    // of all chunks, retired ones included
};

}  // namespace keyfold::projections
