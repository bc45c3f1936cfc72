#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace keyfold::projections {

/// An array that one thread grows while others read it: elements never move, so that a reader needs neither lock nor
/// guard. Segment n holds 64 * 2^n elements. A reader may use only indexes that were published to it.
template <class Element>
class SegmentedArray {
 public:
  SegmentedArray() = default;
  ~SegmentedArray() {
    for (const std::atomic<Element*>& segment : segments_) delete[] segment.load(std::memory_order_relaxed);
  }
  SegmentedArray(const SegmentedArray&) = delete;
  SegmentedArray& operator=(const SegmentedArray&) = delete;

  [[nodiscard]] Element& operator[](std::uint32_t index) const {
    const Place place = place_of(index);
    return segments_[place.segment].load(std::memory_order_acquire)[place.element];
  }

  /// Adds one element made by its default constructor and returns its index. Writer only.
  std::uint32_t grow() {
    const Place place = place_of(size_);
    if (place.element == 0) {
      const std::size_t elements = kFirst << place.segment;
      segments_[place.segment].store(new Element[elements](), std::memory_order_release);
      bytes_ += elements * sizeof(Element);
    }
    return size_++;
  }

  /// Writer only, both.
  [[nodiscard]] std::uint32_t size() const { return size_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  static constexpr std::uint64_t kFirst = 64;
  struct Place {
    std::uint32_t segment;
    std::uint64_t element;
  };
  static Place place_of(std::uint32_t index) {
    const std::uint64_t shifted = index + kFirst;
    const auto segment = static_cast<std::uint32_t>(std::bit_width(shifted) - std::bit_width(kFirst));
    return {segment, shifted - (kFirst << segment)};
  }

  std::array<std::atomic<Element*>, 27> segments_{};  // enough for every 32-bit index
  std::uint32_t size_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace keyfold::projections
