#include "projections/usage_store_options.h"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/merge_operator.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <limits>

#include "projections/store_options.h"
#include "projections/usage_counts.h"
#include "projections/usage_rows.h"

namespace keyfold::projections {
namespace {

constexpr std::size_t kBlockCacheBytes = std::size_t{32} << 20;
constexpr std::size_t kWriteBufferBytes = std::size_t{16} << 20;
constexpr std::uint64_t kRewriteSeconds = 7 * 86'400;

std::string_view view(const rocksdb::Slice& bytes) { return {bytes.data(), bytes.size()}; }

class AddCounts final : public rocksdb::AssociativeMergeOperator {
 public:
  bool Merge(const rocksdb::Slice&, const rocksdb::Slice* known, const rocksdb::Slice& added, std::string* out,
             rocksdb::Logger*) const override {
    OutcomeCounts counts;
    if (known != nullptr && !counts.add_encoded(view(*known))) return false;
    if (!counts.add_encoded(view(added))) return false;
    *out = counts.encode();
    return true;
  }
  [[nodiscard]] const char* Name() const override { return "keyfold.counts"; }
};

/// Two numbers to one.
class CombineNumbers final : public rocksdb::AssociativeMergeOperator {
 public:
  using Combine = std::int64_t (*)(std::int64_t, std::int64_t);
  CombineNumbers(const char* name, Combine combine) : name_(name), combine_(combine) {}

  bool Merge(const rocksdb::Slice&, const rocksdb::Slice* known, const rocksdb::Slice& added, std::string* out,
             rocksdb::Logger*) const override {
    std::string_view left = known == nullptr ? std::string_view() : view(*known);
    std::string_view right = view(added);
    const auto second = take_number(right);
    if (!second) return false;
    const auto first = known == nullptr ? std::optional<std::int64_t>(0) : take_number(left);
    if (!first) return false;
    out->clear();
    put_number(*out, combine_(*first, *second));
    return true;
  }
  [[nodiscard]] const char* Name() const override { return name_; }

 private:
  const char* const name_;
  const Combine combine_;
};

std::int64_t later(std::int64_t a, std::int64_t b) { return std::max(a, b); }
std::int64_t sum(std::int64_t a, std::int64_t b) {
  return a + std::min(b, std::numeric_limits<std::int64_t>::max() - a);
}

class AgeFilter final : public rocksdb::CompactionFilter {
 public:
  AgeFilter(const std::atomic<std::int64_t>& latest_ms, std::int64_t kept_ms)
      : latest_ms_(latest_ms), kept_ms_(kept_ms) {}

  bool Filter(int, const rocksdb::Slice& key, const rocksdb::Slice&, std::string*, bool*) const override {
    return is_old(view(key));
  }
  bool FilterMergeOperand(int, const rocksdb::Slice& key, const rocksdb::Slice&) const override {
    return is_old(view(key));
  }
  [[nodiscard]] const char* Name() const override { return "keyfold.age"; }

 private:
  [[nodiscard]] bool is_old(std::string_view key) const {
    const auto parts = parse_counts_key(key);
    return parts && parts->start_ms < latest_ms_.load(std::memory_order_relaxed) - kept_ms_;
  }
  const std::atomic<std::int64_t>& latest_ms_;
  const std::int64_t kept_ms_;
};

class SyncStreamFirst final : public rocksdb::EventListener {
 public:
  explicit SyncStreamFirst(events::UsageLog& log) : log_(log) {}
  void OnFlushBegin(rocksdb::DB*, const rocksdb::FlushJobInfo&) override {
    // Whoever starts on projections that are ahead of the stream is told so; more can't be done here.
    static_cast<void>(log_.sync().has_value());
  }

 private:
  events::UsageLog& log_;
};

}  // namespace

std::unique_ptr<rocksdb::CompactionFilter> make_age_filter(const std::atomic<std::int64_t>& latest_ms,
                                                           std::int64_t kept_ms) {
  return std::make_unique<AgeFilter>(latest_ms, kept_ms);
}

rocksdb::DBOptions usage_store_options(events::UsageLog& log) {
  rocksdb::DBOptions options = store_options();
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.db_write_buffer_size = 4 * kWriteBufferBytes;
  options.max_open_files = 512;
  options.listeners.push_back(std::make_shared<SyncStreamFirst>(log));
  return options;
}

std::vector<rocksdb::ColumnFamilyDescriptor> usage_store_families(const rocksdb::CompactionFilter& minutes,
                                                                  const rocksdb::CompactionFilter& days) {
  rocksdb::BlockBasedTableOptions table;
  table.block_size = std::size_t{8} << 10;
  table.block_cache = rocksdb::NewLRUCache(kBlockCacheBytes);
  table.checksum = rocksdb::kXXH3;
  table.format_version = 5;
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = kWriteBufferBytes;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  const auto supported = rocksdb::GetSupportedCompressions();
  const bool has_lz4 = std::find(supported.begin(), supported.end(), rocksdb::kLZ4Compression) != supported.end();
  options.compression = has_lz4 ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;

  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  families.reserve(kUsageFamilyNames.size());
  for (const char* name : kUsageFamilyNames) families.emplace_back(name, options);
  for (const std::size_t counts : {1, 2}) {
    families[counts].options.merge_operator = std::make_shared<AddCounts>();
    families[counts].options.periodic_compaction_seconds = kRewriteSeconds;
  }
  families[1].options.compaction_filter = &minutes;
  families[2].options.compaction_filter = &days;
  families[3].options.merge_operator = std::make_shared<CombineNumbers>("keyfold.later", later);
  families[4].options.merge_operator = std::make_shared<CombineNumbers>("keyfold.sum", sum);
  return families;
}

}  // namespace keyfold::projections
