#include "events/chain.h"

namespace keyfold::events {

Verdict accept(ChainState& state, const v1::EventHeader& header, std::string_view header_bytes) {
  if (header.sequence() != state.next || header.previous_hash() != as_view(state.last_hash)) return Verdict::kVoid;
  const bool opens = header.type() == "PartitionOpened";
  if (opens ? header.epoch() <= state.epoch : header.epoch() != state.epoch) return Verdict::kVoid;
  state = {header.sequence() + 1, header.epoch(), leaf_hash(header_bytes)};
  return Verdict::kApplied;
}

}  // namespace keyfold::events
