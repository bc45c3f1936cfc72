#pragma once

#include <google/protobuf/repeated_field.h>

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "keyfold/v1/key.pb.h"
#include "projections/key_index_interner.h"
#include "projections/ratelimits_view.h"

namespace keyfold::projections {

using StoredRatelimits = google::protobuf::RepeatedPtrField<v1::Ratelimit>;

/// Rate limits that a key or an identity has, and many others too.
struct LimitSet {
  std::string text;  // the names
  std::vector<SharedRatelimit> limits;

  [[nodiscard]] std::uint64_t bytes() const {
    return sizeof(LimitSet) + text.capacity() + limits.capacity() * sizeof(SharedRatelimit);
  }
};

/// The sets of rate limits of a partition's keys and identities, each combination of name, limit, duration and
/// autoApply once; number 0 is the empty one. The ids of the limits, which nobody shares, stay with their owners. One
/// writer; `operator[]` for readers under a ReadGuard.
class LimitSets {
 public:
  explicit LimitSets(Reclaimer& reclaimer);

  [[nodiscard]] const LimitSet& operator[](std::uint32_t id) const { return sets_[id]; }

  /// The set of these limits, which are sorted by name; held once more.
  [[nodiscard]] std::uint32_t hold(const StoredRatelimits& limits);
  void release(std::uint32_t id);

  [[nodiscard]] std::uint64_t bytes() const { return sets_.bytes() + name_bytes_; }

 private:
  Interner<LimitSet> sets_;
  std::unordered_map<std::string, std::uint32_t> by_name_;  // all that is in a set, as one text
  std::uint64_t name_bytes_ = 0;                            // about; of `by_name_`
  std::string name_;                                        // of one call of `hold`, kept for its capacity
};

/// The ids in the form that RatelimitsView reads.
void append_packed_ids(std::string& out, const StoredRatelimits& limits);

}  // namespace keyfold::projections
