#pragma once

#include <rocksdb/compaction_filter.h>
#include <rocksdb/db.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "events/usage_log.h"

namespace keyfold::projections {

/// Names of the usage projections' column families.
inline constexpr std::array<const char*, 5> kUsageFamilyNames = {"default", "minutes", "days", "last_used", "windows"};

/// Leaves out, whenever RocksDB rewrites a file, rows of `minutes` or `days` whose bucket is older than `kept_ms` by
/// the stream's own time. Thread-safe.
[[nodiscard]] std::unique_ptr<rocksdb::CompactionFilter> make_age_filter(const std::atomic<std::int64_t>& latest_ms,
                                                                         std::int64_t kept_ms);

/// Before rows reach the disk, the stream that they come from does: after a power failure the projections are never
/// ahead of it. The stream outlives the database.
[[nodiscard]] rocksdb::DBOptions usage_store_options(events::UsageLog& log);

/// The filters outlive the database.
[[nodiscard]] std::vector<rocksdb::ColumnFamilyDescriptor> usage_store_families(
    const rocksdb::CompactionFilter& minutes, const rocksdb::CompactionFilter& days);

}  // namespace keyfold::projections
