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

/// The same rule where records of several writers can interleave, and a writer can die inside a batch: the events of
/// one command count when the last of them has arrived, or never. Pure; a value.
class BatchChain {
 public:
  BatchChain() = default;
  /// Begins after a whole batch.
  explicit BatchChain(const ChainState& whole) : whole_(whole), head_(whole) {}

  enum class Verdict {
    kApplied,  // the record completes its batch: it counts, with those that are held
    kHeld,     // waits for the rest of its batch
    kVoid,     // counts never
  };
  /// A record with batch index 0 that does not turn out void makes void what is held: its writer was fenced.
  [[nodiscard]] Verdict accept(const v1::EventHeader& header, std::string_view header_bytes);

  /// After the last whole batch.
  [[nodiscard]] const ChainState& whole() const { return whole_; }
  /// Records that are held.
  [[nodiscard]] std::uint64_t held() const { return head_.next - whole_.next; }

 private:
  ChainState whole_;
  ChainState head_;  // ahead of `whole_` inside a batch
  std::uint32_t batch_size_ = 0;
};

}  // namespace keyfold::events
