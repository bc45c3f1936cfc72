#include "projections/key_index_arena.h"

#include <cstring>

namespace keyfold::projections {
namespace {

/// Larger records get a chunk of their own, because the end of a chunk that a record doesn't fit in is lost.
constexpr std::uint32_t kSharedRecordBytes = Arena::kChunkBytes / 8;
/// Below it, moving records is not worth it.
constexpr std::uint64_t kToleratedGarbage = 2 * Arena::kChunkBytes;

}  // namespace

Arena::Arena(Reclaimer& reclaimer) : reclaimer_(&reclaimer) {
  // Number 0 is no chunk, so that offsets are never below kFirstOffset.
  chunks_.grow();
  states_.emplace_back();
}

Arena::~Arena() {
  for (std::uint32_t chunk = 0; chunk < chunks_.size(); ++chunk) {
    delete[] chunks_[chunk].load(std::memory_order_relaxed);
  }
}

Offset Arena::append(std::string_view record) {
  const auto size = static_cast<std::uint32_t>(record.size());
  std::uint32_t chunk = filling_;
  if (size > kSharedRecordBytes) {
    chunk = open_chunk(size);
  } else if (chunk == 0 || states_[chunk].capacity - states_[chunk].used < size) {
    filling_ = open_chunk(kChunkBytes);
    retire_if_empty(chunk);
    chunk = filling_;
  }
  State& state = states_[chunk];
  const Offset offset = Offset{chunk} << kWordBits | state.used / 8;
  std::memcpy(at(offset), record.data(), size);
  state.used += size;
  return offset;
}

void Arena::discard(Offset offset, std::uint32_t size) {
  const auto chunk = static_cast<std::uint32_t>(offset >> kWordBits);
  states_[chunk].garbage += size;
  garbage_ += size;
  if (chunk != filling_) retire_if_empty(chunk);
}

std::optional<Arena::Range> Arena::crowded_chunk() const {
  if (garbage_ <= kToleratedGarbage || garbage_ <= in_use_ / 4) return {};
  std::uint32_t worst = 0;
  for (std::uint32_t chunk = 1; chunk < states_.size(); ++chunk) {
    const State& state = states_[chunk];
    if (chunk != filling_ && state.garbage < state.used && state.garbage > states_[worst].garbage) worst = chunk;
  }
  if (worst == 0) return {};
  const Offset begin = Offset{worst} << kWordBits;
  return Range{begin, begin + states_[worst].used / 8};
}

std::uint32_t Arena::open_chunk(std::uint32_t capacity) {
  std::uint32_t chunk = 0;
  if (free_.empty()) {
    chunk = chunks_.grow();
    states_.emplace_back();
  } else {
    chunk = free_.back();
    free_.pop_back();
  }
  states_[chunk] = {capacity, 0, 0};
  // Relaxed: a reader learns of the chunk by a slot, which is published after it.
  chunks_[chunk].store(new char[capacity], std::memory_order_relaxed);
  bytes_ += capacity;
  in_use_ += capacity;
  return chunk;
}

void Arena::retire_if_empty(std::uint32_t chunk) {
  const State& state = states_[chunk];
  if (state.used == 0 || state.garbage < state.used) return;
  in_use_ -= state.capacity;
  garbage_ -= state.garbage;
  reclaimer_->retire(
      [](void* owner, std::uint64_t what) { static_cast<Arena*>(owner)->free_chunk(static_cast<std::uint32_t>(what)); },
      this, chunk);
}

void Arena::free_chunk(std::uint32_t chunk) {
  delete[] chunks_[chunk].exchange(nullptr, std::memory_order_relaxed);
  bytes_ -= states_[chunk].capacity;
  states_[chunk] = {};
  free_.push_back(chunk);
}

}  // namespace keyfold::projections
