#include "events/chain.h"

namespace keyfold::events {

Verdict accept(ChainState& state, const v1::EventHeader& header, std::string_view header_bytes) {
  if (header.sequence() != state.next || header.previous_hash() != as_view(state.last_hash)) return Verdict::kVoid;
  const bool opens = header.type() == "PartitionOpened";
  if (opens ? header.epoch() <= state.epoch : header.epoch() != state.epoch) return Verdict::kVoid;
  state = {header.sequence() + 1, header.epoch(), leaf_hash(header_bytes)};
  return Verdict::kApplied;
}

BatchChain::Verdict BatchChain::accept(const v1::EventHeader& header, std::string_view header_bytes) {
  const bool begins = header.batch_index() == 0;
  // A writer finishes its batch or is followed by another one, which opens an epoch first.
  if (begins && held() > 0 && header.epoch() <= head_.epoch) return Verdict::kVoid;
  if (!begins && (header.batch_index() != held() || header.batch_size() != batch_size_)) return Verdict::kVoid;
  ChainState next = begins ? whole_ : head_;
  if (events::accept(next, header, header_bytes) == events::Verdict::kVoid) return Verdict::kVoid;
  if (begins) batch_size_ = header.batch_size();
  head_ = next;
  if (header.batch_index() + 1 < batch_size_) return Verdict::kHeld;
  whole_ = head_;
  return Verdict::kApplied;
}

}  // namespace keyfold::events
