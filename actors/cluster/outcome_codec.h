#pragma once

#include "actors/runtime.h"
#include "keyfold/v1/cluster.pb.h"

namespace keyfold::actors {

/// An outcome as it travels between nodes. A command whose partition the answering node does not own is `not_owner`.
[[nodiscard]] v1::ForwardedOutcome to_forwarded(const Outcome& outcome);
/// The other way; the position is in `partition`. A code that this build does not know, from a newer node, is
/// kInvalidInput.
[[nodiscard]] Outcome from_forwarded(const v1::ForwardedOutcome& outcome, events::PartitionId partition);

}  // namespace keyfold::actors
