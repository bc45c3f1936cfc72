#pragma once

#include <rocksdb/db.h>

#include <array>
#include <vector>

#include "projections/rows.h"

namespace keyfold::projections {

/// Names of the column families: the default one and one a table, in the order of `Table`.
inline constexpr std::array<const char*, 1 + kTableCount> kFamilyNames = {
    "default", "workspaces", "root_keys", "apis",       "keys",       "identities", "permissions",
    "roles",   "commands",   "portals",   "ratelimits", "migrations", "partitions", "webhooks"};
static_assert(kFamilyNames.back() != nullptr, "a table has no column family");

[[nodiscard]] rocksdb::DBOptions store_options();
[[nodiscard]] std::vector<rocksdb::ColumnFamilyDescriptor> store_families();

}  // namespace keyfold::projections
