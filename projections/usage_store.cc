#include "projections/usage_store.h"

#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <atomic>
#include <optional>

#include "projections/big_endian.h"
#include "projections/usage_changes.h"
#include "projections/usage_counts.h"
#include "projections/usage_rows.h"
#include "projections/usage_store_options.h"

namespace keyfold::projections {
namespace {

/// Version of the directory's rows; another one found on disk is refused.
constexpr std::int64_t kFormat = 1;
constexpr const char* kFormatKey = "format";
constexpr const char* kCheckpointKey = "checkpoint";  // next sequence, the latest batch's time
constexpr std::size_t kCatchUpBatches = 1'000;

/// About 20 MiB.
constexpr std::size_t kGatheredRowsMax = 65'536;

std::string_view view(const rocksdb::Slice& bytes) { return {bytes.data(), bytes.size()}; }

std::string rebuild_hint(const std::filesystem::path& directory) {
  return "with keyfold stopped, delete " + directory.string() +
         ": the next start makes it anew from the usage stream, as far back as that is kept";
}

std::string number_bytes(std::int64_t number) {
  std::string bytes;
  put_number(bytes, number);
  return bytes;
}

rocksdb::WriteOptions without_wal() {
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  return options;
}

class RocksUsageStore final : public UsageStore {
 public:
  RocksUsageStore(UsageStoreOptions options, events::UsageLog& log)
      : directory_(std::move(options.directory)),
        log_(log),
        minutes_filter_(make_age_filter(latest_ms_, options.minutes_kept_ms)),
        days_filter_(make_age_filter(latest_ms_, options.days_kept_ms)) {}

  ~RocksUsageStore() override {
    if (db_ == nullptr) return;
    for (auto* handle : handles_) db_->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
    db_->Close().PermitUncheckedError();
  }

  Status begin() {
    if (Status opened = open_database(); !opened) return opened;
    families_ = {handles_[1], handles_[2], handles_[3], handles_[4]};
    if (Status known = check_format(); !known) return known;
    const auto checkpoint = read_checkpoint({});
    if (!checkpoint) return tl::unexpected(checkpoint.error());
    go_on_at(checkpoint->next);
    latest_ms_ = checkpoint->latest_ms;
    if (next() > log_.next()) {
      return fail(ErrorCode::kDataLoss,
                  "the usage projections have seen " + std::to_string(next()) + " batches of a stream that holds " +
                      std::to_string(log_.next()),
                  directory_, "check that this is the right stream; else, " + rebuild_hint(directory_));
    }
    return catch_up();
  }

  events::Sequence next() const override { return next_.load(std::memory_order_acquire); }

  Status gather(events::Sequence sequence, const v1::UsageBatch& batch) override {
    if (sequence != gathered_next_) {
      return fail(ErrorCode::kFailedPrecondition,
                  "batch " + std::to_string(sequence) + " is not the next one, " + std::to_string(gathered_next_),
                  directory_);
    }
    gathered_.add(batch);
    gathered_latest_ms_ = std::max(gathered_latest_ms_, batch.time_ms());
    gathered_next_ = sequence + 1;
    return gathered_.rows() < kGatheredRowsMax ? Status() : commit();
  }

  Status commit() override {
    if (gathered_next_ == next()) return {};
    const UsageChanges changes = std::exchange(gathered_, {});
    const events::Sequence reached = std::exchange(gathered_next_, next());
    const std::int64_t latest_ms = std::max(latest_ms_.load(std::memory_order_relaxed), gathered_latest_ms_);
    rocksdb::WriteBatch write;
    rocksdb::Status status = changes.write_to(write, families_);
    if (status.ok()) {
      status = write.Put(handles_[0], kCheckpointKey,
                         number_bytes(static_cast<std::int64_t>(reached)) + number_bytes(latest_ms));
    }
    if (status.ok()) status = db_->Write(without_wal(), &write);
    if (!status.ok()) {
      db_->Resume().PermitUncheckedError();
      return to_status(status, "the usage projections can't be written");
    }
    latest_ms_.store(latest_ms, std::memory_order_relaxed);
    go_on_at(reached);
    return {};
  }

  Status gather_rest() override {
    while (gathered_next_ < log_.next()) {
      if (gathered_next_ < log_.first()) {
        if (Status committed = commit(); !committed) return committed;
        go_on_at(log_.first());
      }
      Status gathered;
      const auto read =
          log_.read(gathered_next_, kCatchUpBatches, [&](events::Sequence sequence, const v1::UsageBatch& batch) {
            gathered = gather(sequence, batch);
            return gathered.has_value();
          });
      if (!read) return tl::unexpected(read.error());
      if (!gathered) return gathered;
    }
    return {};
  }

  Status flush() override { return to_status(db_->Flush({}, handles_), "the usage projections can't be flushed"); }

  Result<std::int64_t> last_used_at_ms(std::string_view workspace_id, std::string_view key_id) const override {
    std::int64_t latest_ms = 0;
    const std::string prefix = last_used_prefix(workspace_id, key_id);
    const Status visited =
        visit(families_.last_used, prefix, end_of(prefix), {}, [&](std::string_view, std::string_view value) {
          latest_ms = std::max(latest_ms, take_number(value).value_or(0));
          return true;
        });
    if (!visited) return tl::unexpected(visited.error());
    return latest_ms;
  }

  Status visit_verifications(const VerificationQuery& query, CountVisitor visitor) const override {
    rocksdb::ReadOptions options;
    rocksdb::ManagedSnapshot snapshot(db_.get());
    options.snapshot = snapshot.snapshot();
    if (!query.external_id.empty()) return visit_owner(query, identity_owner(query.external_id), options, visitor);
    std::vector<std::string> owners;
    const std::string prefix = last_used_prefix(query.workspace_id, query.key_id);
    Status visited =
        visit(families_.last_used, prefix, end_of(prefix), options, [&](std::string_view key, std::string_view) {
          owners.emplace_back(key.substr(prefix.size()));
          return true;
        });
    for (const std::string& owner : owners) {
      if (visited) visited = visit_owner(query, owner, options, visitor);
    }
    return visited;
  }

  Result<events::Sequence> visit_live_windows(std::int64_t now_ms, WindowVisitor visitor) const override {
    rocksdb::ReadOptions options;
    rocksdb::ManagedSnapshot snapshot(db_.get());
    options.snapshot = snapshot.snapshot();
    const auto checkpoint = read_checkpoint(options);
    if (!checkpoint) return tl::unexpected(checkpoint.error());
    const Status visited = visit(families_.windows, number_bytes(now_ms + 1), {}, options,
                                 [&](std::string_view key, std::string_view value) {
                                   const auto parts = parse_window_key(key);
                                   const auto tokens = take_number(value);
                                   if (parts && tokens)
                                     visitor(parts->counter, parts->duration_ms, parts->window, *tokens);
                                   return true;
                                 });
    if (!visited) return tl::unexpected(visited.error());
    return checkpoint->next;
  }

  Status drop_expired_windows(std::int64_t now_ms) override {
    const std::string end = number_bytes(now_ms + 1);
    // Each removal of a range costs every later read a little: none for nothing.
    bool has_expired = false;
    const auto find = [&](std::string_view, std::string_view) {
      has_expired = true;
      return false;
    };
    if (Status found = visit(families_.windows, {}, end, {}, find); !found || !has_expired) return found;
    const rocksdb::Slice begin_bytes;
    const rocksdb::Slice end_bytes = end;
    rocksdb::Status status = db_->DeleteRange(without_wal(), families_.windows, begin_bytes, end_bytes);
    if (status.ok()) {
      status = rocksdb::DeleteFilesInRange(db_.get(), families_.windows, nullptr, &end_bytes, false);
    }
    return to_status(status, "expired windows can't be removed");
  }

 private:
  void go_on_at(events::Sequence sequence) {
    gathered_next_ = sequence;
    next_.store(sequence, std::memory_order_release);
  }

  Status to_status(const rocksdb::Status& status, const char* what) const {
    if (status.ok()) return {};
    return fail(status.IsCorruption() ? ErrorCode::kDataLoss : ErrorCode::kIo,
                std::string(what) + ": " + status.ToString(), directory_,
                "check the disk's space and permissions; if it is damaged, " + rebuild_hint(directory_));
  }

  Status open_database() {
    std::error_code error;
    std::filesystem::create_directories(directory_, error);
    if (error) {
      return fail(ErrorCode::kIo, "the usage projections' directory can't be made: " + error.message(), directory_);
    }
    const rocksdb::DBOptions options = usage_store_options(log_);
    if (std::filesystem::exists(directory_ / "CURRENT", error)) {
      std::vector<std::string> found;
      const rocksdb::Status listed = rocksdb::DB::ListColumnFamilies(options, directory_, &found);
      if (!listed.ok()) return to_status(listed, "the usage projections can't be listed");
      for (const std::string& name : found) {
        if (std::find(kUsageFamilyNames.begin(), kUsageFamilyNames.end(), name) == kUsageFamilyNames.end()) {
          return newer("hold \"" + name + "\", which this build doesn't know");
        }
      }
    }
    rocksdb::DB* raw = nullptr;
    const rocksdb::Status status =
        rocksdb::DB::Open(options, directory_, usage_store_families(*minutes_filter_, *days_filter_), &handles_, &raw);
    db_.reset(raw);
    return to_status(status, "the usage projections can't be opened");
  }

  Status newer(const std::string& what) const {
    return fail(ErrorCode::kFailedPrecondition, "the usage projections " + what, directory_,
                "another version of keyfold wrote them: run that, or " + rebuild_hint(directory_));
  }

  Status check_format() {
    std::string value;
    const rocksdb::Status status = db_->Get({}, handles_[0], kFormatKey, &value);
    if (status.IsNotFound()) {
      return to_status(db_->Put(without_wal(), handles_[0], kFormatKey, number_bytes(kFormat)),
                       "the usage projections can't be written");
    }
    if (!status.ok()) return to_status(status, "the usage projections can't be read");
    std::string_view bytes = value;
    const std::int64_t format = take_number(bytes).value_or(0);
    if (format == kFormat) return {};
    return newer("have format " + std::to_string(format) + ", this build reads " + std::to_string(kFormat));
  }

  struct Checkpoint {
    events::Sequence next = 0;
    std::int64_t latest_ms = 0;
  };

  Result<Checkpoint> read_checkpoint(const rocksdb::ReadOptions& options) const {
    std::string value;
    const rocksdb::Status status = db_->Get(options, handles_[0], kCheckpointKey, &value);
    if (status.IsNotFound()) return Checkpoint();
    if (!status.ok()) return tl::unexpected(to_status(status, "the usage projections can't be read").error());
    std::string_view bytes = value;
    const auto next = take_number(bytes);
    const auto latest_ms = next ? take_number(bytes) : std::nullopt;
    if (latest_ms) return Checkpoint{static_cast<events::Sequence>(*next), *latest_ms};
    return fail(ErrorCode::kDataLoss, "the usage projections' checkpoint is damaged", directory_,
                rebuild_hint(directory_));
  }

  /// Visits the rows from `from` up to `end` (empty: to the last) until the visitor returns false.
  Status visit(rocksdb::ColumnFamilyHandle* family, const std::string& from, const std::string& end,
               rocksdb::ReadOptions options, FunctionRef<bool(std::string_view, std::string_view)> visitor) const {
    const rocksdb::Slice upper = end;
    if (!end.empty()) options.iterate_upper_bound = &upper;
    const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(options, family));
    for (at->Seek(from); at->Valid() && visitor(view(at->key()), view(at->value())); at->Next()) continue;
    return to_status(at->status(), "the usage projections can't be read");
  }

  Status visit_owner(const VerificationQuery& query, std::string_view owner, const rocksdb::ReadOptions& options,
                     CountVisitor visitor) const {
    const bool is_by_day = query.bucket == UsageBucket::kDay;
    const std::int64_t row_ms = is_by_day ? kDayMs : kHourMs;
    const std::int64_t from_ms = std::max<std::int64_t>(query.from_ms, 0);
    std::string from = owner_prefix(query.workspace_id, owner);
    std::string end = from;
    put_number(from, from_ms - from_ms % row_ms);
    put_number(end, query.to_ms);
    bool is_whole = true;
    Status visited = visit(is_by_day ? families_.days : families_.minutes, from, end, options,
                           [&](std::string_view key, std::string_view value) {
                             const auto row = parse_counts_key(key);
                             OutcomeCounts counts;
                             if (!row || !counts.add_encoded(value)) {
                               is_whole = false;
                             } else if (query.key_id.empty() || row->key_id == query.key_id) {
                               visit_row(query, *row, counts, visitor);
                             }
                             return is_whole;
                           });
    if (visited && !is_whole) {
      return fail(ErrorCode::kDataLoss, "a row of the usage projections is damaged", directory_,
                  rebuild_hint(directory_));
    }
    return visited;
  }

  /// One row's entries, summed up by bucket.
  static void visit_row(const VerificationQuery& query, const CountsKey& row, const OutcomeCounts& counts,
                        CountVisitor visitor) {
    const bool is_by_minute = query.bucket == UsageBucket::kMinute;
    OutcomeCounts sums;
    for (const auto& entry : counts.entries()) sums.add(is_by_minute ? entry.minute : 0, entry.outcome, entry.count);
    for (const auto& entry : sums.entries()) {
      const std::int64_t bucket_ms = row.start_ms + entry.minute * kMinuteMs;
      if (bucket_ms < query.from_ms || bucket_ms >= query.to_ms) continue;
      visitor({bucket_ms, row.keyspace_id, row.key_id, entry.outcome, entry.count});
    }
  }

  const std::filesystem::path directory_;
  events::UsageLog& log_;
  std::atomic<std::int64_t> latest_ms_{0};
  const std::unique_ptr<rocksdb::CompactionFilter> minutes_filter_;
  const std::unique_ptr<rocksdb::CompactionFilter> days_filter_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
  UsageFamilies families_;
  std::atomic<events::Sequence> next_{0};

  // Of the one thread that folds: what is gathered beyond `next_`.
  UsageChanges gathered_;
  events::Sequence gathered_next_ = 0;
  std::int64_t gathered_latest_ms_ = 0;
};

}  // namespace

Result<std::unique_ptr<UsageStore>> UsageStore::open(UsageStoreOptions options, events::UsageLog& log) {
  auto store = std::make_unique<RocksUsageStore>(std::move(options), log);
  if (Status begun = store->begin(); !begun) return tl::unexpected(begun.error());
  return store;
}

}  // namespace keyfold::projections
