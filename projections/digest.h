#pragma once

#include <vector>

#include "projections/projections.h"
#include "projections/store.h"

namespace keyfold::projections {

/// Digests of every projector and partition on one snapshot: by projector in the order of `Table`, then by partition.
/// SHA-256 over each row in key order: length of key (8 bytes, big endian), key, length of value, value. The
/// partition's prefix is not part of a key.
[[nodiscard]] Result<std::vector<StateDigest>> digest_of(const Store& store);

}  // namespace keyfold::projections
