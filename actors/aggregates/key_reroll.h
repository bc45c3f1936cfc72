#pragma once

#include "actors/aggregates/decision.h"

namespace keyfold::actors {

/// Creates a key that is like the old one in everything but id, secret and the ids of its rate limits, and lets the old
/// one expire at the command's time, or at its own when that is earlier. kKeyNotFound; kIdTaken, also when the key has
/// more rate limits than the command has ids; kKeysNotRecoverable for a recoverable key in a keyspace that keeps none
/// any more; kInvalidInput when such a key's ciphertext is missing.
[[nodiscard]] Decided decide(const v1::RerollKey& command, const Context& context,
                             const projections::RowReader& reader);

}  // namespace keyfold::actors
