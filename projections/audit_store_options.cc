#include "projections/audit_store_options.h"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/table.h>

#include <algorithm>

#include "projections/store_options.h"

namespace keyfold::projections {
namespace {

constexpr std::size_t kBlockCacheBytes = std::size_t{16} << 20;
constexpr std::size_t kWriteBufferBytes = std::size_t{8} << 20;

}  // namespace

rocksdb::DBOptions audit_store_options() {
  rocksdb::DBOptions options = store_options();
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.db_write_buffer_size = 4 * kWriteBufferBytes;
  options.max_open_files = 512;
  return options;
}

std::vector<rocksdb::ColumnFamilyDescriptor> audit_store_families() {
  rocksdb::BlockBasedTableOptions table;
  table.block_size = std::size_t{8} << 10;
  table.block_cache = rocksdb::NewLRUCache(kBlockCacheBytes);
  // Debian's RocksDB computes CRC-32C in software.
  table.checksum = rocksdb::kXXH3;
  table.format_version = 5;
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = kWriteBufferBytes;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));

  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  families.reserve(kAuditFamilyNames.size());
  for (const char* name : kAuditFamilyNames) families.emplace_back(name, options);
  // Hashes don't get smaller; the rows of an index have almost the same key as the row before.
  families[1].options.compression = rocksdb::kNoCompression;
  const auto supported = rocksdb::GetSupportedCompressions();
  const bool has_lz4 = std::find(supported.begin(), supported.end(), rocksdb::kLZ4Compression) != supported.end();
  families[2].options.compression = has_lz4 ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
  return families;
}

}  // namespace keyfold::projections
