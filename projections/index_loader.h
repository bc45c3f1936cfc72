#pragma once

#include "projections/key_index.h"
#include "projections/ratelimit_index.h"
#include "projections/root_key_index.h"
#include "projections/store.h"

namespace keyfold::projections {

/// Fills the empty indexes with a partition's stored rows.
[[nodiscard]] Status load_indexes(const Store& store, events::PartitionId partition, KeyIndex& keys,
                                  RootKeyIndex& root_keys, RatelimitIndex& ratelimits);

}  // namespace keyfold::projections
