#pragma once

#include <cstdint>

#include "events/event.h"

namespace keyfold::events {

/// Where a partition's chain stands after its last accepted record.
struct ChainState {
  Sequence next = 0;        // the sequence that the next record must carry
  std::uint64_t epoch = 0;  // of the last writer; 0 before the first PartitionOpened
  Digest last_hash{};       // leaf hash of the last accepted record; zeros before the first
};

enum class Verdict { kApplied, kVoid };

/// Decides whether `header` extends the chain, and moves `state` when it does. The one rule that the writer, the
/// projectors, auditors and the simulation share: a record extends the chain when its sequence is the next one, its
/// `previous_hash` is the last leaf hash, and its epoch is the current one, or a higher one opened by PartitionOpened
/// (which opens nothing when its epoch is not higher).
/// Everything else (a late record of a fenced writer) is void, for every reader alike. Pure.
[[nodiscard]] Verdict accept(ChainState& state, const v1::EventHeader& header, std::string_view header_bytes);

}  // namespace keyfold::events
