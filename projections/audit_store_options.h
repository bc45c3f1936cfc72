#pragma once

#include <rocksdb/db.h>

#include <array>
#include <vector>

namespace keyfold::projections {

/// Names of the audit store's column families, in the order of AuditFamilies.
inline constexpr std::array<const char*, 3> kAuditFamilyNames = {"default", "tiles", "index"};

[[nodiscard]] rocksdb::DBOptions audit_store_options();
[[nodiscard]] std::vector<rocksdb::ColumnFamilyDescriptor> audit_store_families();

}  // namespace keyfold::projections
