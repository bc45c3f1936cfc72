#include "projections/store_options.h"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include <algorithm>

namespace keyfold::projections {
namespace {

constexpr std::size_t kBlockCacheBytes = std::size_t{64} * 1024 * 1024;
// What is in memory is lost in a crash and folded again: some 30,000 events, a tenth of a second. Larger buffers also
// fold more slowly, because finding a row's place in them leaves the processor's caches.
constexpr std::size_t kWriteBufferBytes = std::size_t{16} * 1024 * 1024;
constexpr std::size_t kAllWriteBuffersBytes = std::size_t{128} * 1024 * 1024;

}  // namespace

rocksdb::DBOptions store_options() {
  rocksdb::DBOptions options;
  options.atomic_flush = true;
  // Whoever stops in good order flushes; a close after a failure must leave the disk as it is.
  options.avoid_flush_during_shutdown = true;
  options.db_write_buffer_size = kAllWriteBuffersBytes;
  options.max_background_jobs = 2;
  options.max_bgerror_resume_count = 0;
  options.max_open_files = -1;
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  options.max_log_file_size = std::size_t{4} * 1024 * 1024;
  options.keep_log_file_num = 4;
  return options;
}

std::vector<rocksdb::ColumnFamilyDescriptor> store_families() {
  rocksdb::BlockBasedTableOptions table;
  table.block_size = std::size_t{8} * 1024;
  table.block_cache = rocksdb::NewLRUCache(kBlockCacheBytes);
  // Most look-ups of a decision ask for what must not be there yet.
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  // Debian's RocksDB computes CRC-32C in software.
  table.checksum = rocksdb::kXXH3;
  table.format_version = 5;

  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = kWriteBufferBytes;
  options.max_write_buffer_number = 4;
  options.level0_file_num_compaction_trigger = 8;  // small files: fewer rewrites while folding from the beginning
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  const auto supported = rocksdb::GetSupportedCompressions();
  options.compression = std::find(supported.begin(), supported.end(), rocksdb::kLZ4Compression) != supported.end()
                            ? rocksdb::kLZ4Compression
                            : rocksdb::kNoCompression;

  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  families.reserve(kFamilyNames.size());
  for (const char* name : kFamilyNames) families.emplace_back(name, options);
  return families;
}

}  // namespace keyfold::projections
