#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "projections/key_index_epoch.h"
#include "projections/key_index_segments.h"

namespace keyfold::projections {

/// Values that many records share, each under a small number. A value is immutable; `replace` puts another one in its
/// place, at once for every record that names the number. One writer; readers need a ReadGuard.
/// `Value` tells by `bytes()` how much memory it holds. The reclaimer must be emptied before this is destroyed.
template <class Value>
class Interner {
 public:
  explicit Interner(Reclaimer& reclaimer) : reclaimer_(&reclaimer) {}
  ~Interner() {
    for (std::uint32_t id = 0; id < values_.size(); ++id) delete values_[id].load(std::memory_order_relaxed);
  }
  Interner(const Interner&) = delete;
  Interner& operator=(const Interner&) = delete;

  [[nodiscard]] const Value& operator[](std::uint32_t id) const { return *values_[id].load(std::memory_order_seq_cst); }

  // Everything below is for the writer only.

  /// A number for a new value, held once.
  std::uint32_t add(std::unique_ptr<const Value> value) {
    std::uint32_t id = 0;
    if (free_.empty()) {
      id = values_.grow();
      holders_.push_back(0);
    } else {
      id = free_.back();
      free_.pop_back();
    }
    holders_[id] = 1;
    value_bytes_ += value->bytes();
    values_[id].store(value.release(), std::memory_order_seq_cst);
    return id;
  }

  void replace(std::uint32_t id, std::unique_ptr<const Value> value) {
    value_bytes_ += value->bytes();
    const Value* old = values_[id].exchange(value.release(), std::memory_order_seq_cst);
    reclaimer_->retire(
        [](void* owner, std::uint64_t what) {
          static_cast<Interner*>(owner)->destroy(reinterpret_cast<const Value*>(what));
        },
        this, reinterpret_cast<std::uintptr_t>(old));
  }

  void hold(std::uint32_t id) { ++holders_[id]; }
  [[nodiscard]] std::uint32_t holders(std::uint32_t id) const { return holders_[id]; }

  /// Lets go of one hold. After the last one the number is used again, but only when no reader can know it.
  void release(std::uint32_t id) {
    if (--holders_[id] > 0) return;
    reclaimer_->retire(
        [](void* owner, std::uint64_t what) { static_cast<Interner*>(owner)->free(static_cast<std::uint32_t>(what)); },
        this, id);
  }

  [[nodiscard]] std::uint64_t bytes() const {
    return value_bytes_ + values_.bytes() + (holders_.capacity() + free_.capacity()) * sizeof(std::uint32_t);
  }

 private:
  void destroy(const Value* value) {
    value_bytes_ -= value->bytes();
    delete value;
  }
  void free(std::uint32_t id) {
    destroy(values_[id].exchange(nullptr, std::memory_order_relaxed));
    free_.push_back(id);
  }

  Reclaimer* reclaimer_;
  SegmentedArray<std::atomic<const Value*>> values_;
  std::vector<std::uint32_t> holders_;  // by number
  std::vector<std::uint32_t> free_;
  std::uint64_t value_bytes_ = 0;
};

}  // namespace keyfold::projections
