#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace keyfold::projections {

/// Counts by outcome within one row of the usage projections: per minute of an hour, or minute 0 for a whole day. As
/// bytes: for each entry in order the minute (1 byte), the outcome's length (1 byte), the outcome, the count (varint).
/// Not thread-safe.
class OutcomeCounts {
 public:
  struct Entry {
    std::uint8_t minute = 0;
    std::string outcome;  // at most 255 bytes
    std::uint64_t count = 0;
  };

  void add(std::uint8_t minute, std::string_view outcome, std::uint64_t count);
  /// Adds all entries of encoded counts; false, with some of them added, when the bytes are none.
  [[nodiscard]] bool add_encoded(std::string_view bytes);
  [[nodiscard]] std::string encode() const;
  /// Sorted by minute and outcome.
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }

 private:
  std::vector<Entry> entries_;
};

}  // namespace keyfold::projections
