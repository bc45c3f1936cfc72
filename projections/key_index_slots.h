#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>

#include "projections/key_index_arena.h"

namespace keyfold::projections {

/// What of a hash finds its slot: the home from the first bits, the tag from bits that no home uses.
struct Probe {
  /// Of the 32 bytes of a SHA-256.
  static Probe of(const void* hash) {
    std::uint64_t first = 0;
    std::memcpy(&first, hash, sizeof first);
    return {__builtin_bswap64(first)};
  }
  std::uint64_t bits;
};

/// One generation of the hash table: slots of 8 bytes (a tag of 24 bits and an offset of 40), linear probing, never
/// grown. A removed slot stays a tombstone while something may lie behind it. One writer; readers need a ReadGuard.
class Slots {
 public:
  /// 2^bits slots; at most 40.
  explicit Slots(unsigned bits)
      : bits_(bits), mask_((std::uint64_t{1} << bits) - 1), slots_(new std::atomic<std::uint64_t>[mask_ + 1]()) {}

  static constexpr std::uint64_t kNowhere = ~std::uint64_t{0};

  struct Found {
    std::uint64_t slot = kNowhere;
    Offset offset = 0;
    explicit operator bool() const { return slot != kNowhere; }
  };

  /// The slot whose tag is the probe's and whose offset satisfies `is_it`. Wait-free: some slot is always empty.
  template <class IsIt>
  [[nodiscard]] Found find(Probe probe, IsIt is_it) const {
    for (std::uint64_t slot = home(probe);; slot = (slot + 1) & mask_) {
      const std::uint64_t content = slots_[slot].load(std::memory_order_seq_cst);
      if (content == kEmpty) return {};
      if (content >> kOffsetBits != tag(probe) || content == kTombstone) continue;
      const Offset offset = content & kOffsetMask;
      if (is_it(offset)) return {slot, offset};
    }
  }

  // Everything below is for the writer only.

  /// Adds an offset that is not there. There must be room.
  void insert(Probe probe, Offset offset) {
    std::uint64_t slot = home(probe);
    while (content(slot) > kTombstone) slot = (slot + 1) & mask_;
    if (content(slot) == kEmpty) ++used_;
    ++live_;
    slots_[slot].store(tag(probe) << kOffsetBits | offset, std::memory_order_seq_cst);
  }

  /// The same hash, at another offset.
  void replace(std::uint64_t slot, Offset offset) {
    slots_[slot].store((content(slot) & ~kOffsetMask) | offset, std::memory_order_seq_cst);
  }

  void erase(std::uint64_t slot) {
    --live_;
    slots_[slot].store(kTombstone, std::memory_order_seq_cst);
    // Before an empty slot nothing needs tombstones.
    if (content((slot + 1) & mask_) != kEmpty) return;
    for (; content(slot) == kTombstone; slot = (slot - 1) & mask_) {
      slots_[slot].store(kEmpty, std::memory_order_seq_cst);
      --used_;
    }
  }

  /// The offset in a slot; 0 when it has none.
  [[nodiscard]] Offset offset(std::uint64_t slot) const {
    return content(slot) > kTombstone ? content(slot) & kOffsetMask : 0;
  }

  [[nodiscard]] std::uint64_t live() const { return live_; }
  [[nodiscard]] std::uint64_t size() const { return mask_ + 1; }
  /// With more than three quarters used, probing gets long.
  [[nodiscard]] bool is_full() const { return (used_ + 1) * 4 > size() * 3; }
  [[nodiscard]] std::uint64_t bytes() const { return sizeof(Slots) + size() * sizeof(std::uint64_t); }

 private:
  static constexpr unsigned kOffsetBits = 40;
  static constexpr std::uint64_t kOffsetMask = (std::uint64_t{1} << kOffsetBits) - 1;
  // Both are below every offset.
  static constexpr std::uint64_t kEmpty = 0;
  static constexpr std::uint64_t kTombstone = 1;

  [[nodiscard]] std::uint64_t home(Probe probe) const { return probe.bits >> (64 - bits_); }
  [[nodiscard]] static std::uint64_t tag(Probe probe) { return probe.bits & 0xffffff; }
  [[nodiscard]] std::uint64_t content(std::uint64_t slot) const { return slots_[slot].load(std::memory_order_relaxed); }

  unsigned bits_;
  std::uint64_t mask_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> slots_;
  std::uint64_t live_ = 0;
  std::uint64_t used_ = 0;  // live ones and tombstones
};

}  // namespace keyfold::projections
