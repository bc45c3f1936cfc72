#include "events/embedded_usage_log.h"

#include <rocksdb/convenience.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>

#include "events/log_directory.h"
#include "events/usage_database.h"
#include "events/usage_record.h"

namespace keyfold::events {
namespace {

/// Version of the directory's layout and of the stored bytes; a higher one found on disk is refused.
constexpr std::uint32_t kFormat = 1;
constexpr const char* kFormatKey = "format";
constexpr const char* kSourceKey = "source";
constexpr const char* kFirstKey = "first";
constexpr const char* kSkippedToKey = "skipped_to";  // where an empty stream goes on
constexpr std::int64_t kWaitMsMax = 86'400'000;

rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
rocksdb::Slice slice(const UsageKey& key) { return {key.data(), key.size()}; }
std::string_view view(const rocksdb::Slice& bytes) { return {bytes.data(), bytes.size()}; }
std::string copy_of(const std::string& source) {
  return source.empty() ? "a stream of its own" : "a copy of " + source;
}

class RocksUsageLog final : public EmbeddedUsageLog {
 public:
  RocksUsageLog(std::optional<DirectoryOwner> owner, std::unique_ptr<UsageDatabase> database)
      : owner_(std::move(owner)), database_(std::move(database)) {}

  /// What is decided before the stream is used: its format, whose batches it holds, where it begins and ends, that its
  /// last batch is whole.
  Status begin(const std::string& source) {
    const auto format = database_->read_number(kFormatKey);
    if (!format) return tl::unexpected(format.error());
    if (*format && **format > kFormat) {
      return fail(ErrorCode::kFailedPrecondition,
                  "the usage stream has format " + std::to_string(**format) + ", this build reads up to " +
                      std::to_string(kFormat),
                  database_->path(), "a newer keyfold wrote it: run that version or a later one");
    }
    const auto first = database_->read_number(kFirstKey);
    if (!first) return tl::unexpected(first.error());
    first_ = first->value_or(0);
    if (Status found = find_end(); !found) return found;
    if (!*format && next_ != 0) {
      return fail(ErrorCode::kDataLoss, "the usage stream lacks its format", database_->path(),
                  UsageDatabase::kAwayHint);
    }
    if (!owner_) return {};
    const auto found = database_->read_text(kSourceKey);
    if (!found) return tl::unexpected(found.error());
    if (*format && found->value_or("") == source) return {};
    if (next_ == 0) return describe(source);
    return fail(ErrorCode::kFailedPrecondition,
                "the usage directory is " + copy_of(found->value_or("")) + ", not " + copy_of(source),
                database_->path(),
                "check log.url and kafka.topic_prefix, or move the usage and usage_projections directories away");
  }

  Sequence first() const override {
    const std::lock_guard lock(mutex_);
    return first_;
  }
  Sequence next() const override {
    const std::lock_guard lock(mutex_);
    return next_;
  }

  Result<Sequence> append(std::int64_t time_ms, std::string_view batch) override {
    if (!owner_) return tl::unexpected(read_only().error());
    const Sequence sequence = next_;  // only this thread changes it
    const UsageKey key = usage_key(sequence);
    const UsageFrame frame = usage_frame(sequence, time_ms, batch);
    const rocksdb::Slice key_part = slice(key);
    const std::array<rocksdb::Slice, 3> value = {rocksdb::Slice(frame.time.data(), frame.time.size()), slice(batch),
                                                 rocksdb::Slice(frame.checksum.data(), frame.checksum.size())};
    rocksdb::WriteBatch write;
    rocksdb::Status status = write.Put(database_->batches(), rocksdb::SliceParts(&key_part, 1),
                                       rocksdb::SliceParts(value.data(), static_cast<int>(value.size())));
    if (status.ok()) status = database_->db().Write({}, &write);
    if (!status.ok()) {
      // RocksDB refuses further writes after a failed one until it is told that the cause may be gone.
      database_->db().Resume().PermitUncheckedError();
      return tl::unexpected(UsageDatabase::error(status, "the usage stream can't be written", database_->path()));
    }
    {
      const std::lock_guard lock(mutex_);
      next_ = sequence + 1;
    }
    grown_.notify_all();
    return sequence;
  }

  Status sync() override {
    if (!owner_) return read_only();
    const rocksdb::Status status = database_->db().SyncWAL();
    if (status.ok()) return {};
    return tl::unexpected(UsageDatabase::error(status, "the usage stream can't be synced", database_->path()));
  }

  Result<Sequence> read(Sequence from, std::size_t max_batches, const UsageVisitor& visit) const override {
    const Sequence end = next();
    Sequence at = std::max(from, first());
    if (at >= end) return from;
    v1::UsageBatch batch;
    const std::unique_ptr<rocksdb::Iterator> found(database_->db().NewIterator({}, database_->batches()));
    for (found->Seek(slice(usage_key(at))); at < end && max_batches > 0; found->Next(), --max_batches) {
      if (!found->Valid() || parse_usage_key(view(found->key())) != at) {
        // What was dropped meanwhile is not missing.
        if (found->status().ok() && at < first()) return read(first(), max_batches, visit);
        return unreadable(found->status(), at);
      }
      const auto stored = parse_usage_value(at, view(found->value()));
      if (!stored || !batch.ParseFromArray(stored->batch.data(), static_cast<int>(stored->batch.size()))) {
        return damaged(at);
      }
      ++at;
      if (!visit(at - 1, batch)) break;
    }
    return at;
  }

  bool wait(Sequence sequence, std::int64_t timeout_ms) const override {
    const std::chrono::milliseconds time(std::clamp<std::int64_t>(timeout_ms, 0, kWaitMsMax));
    std::unique_lock lock(mutex_);
    return grown_.wait_for(lock, time, [&] { return next_ > sequence; });
  }

  Result<Sequence> drop_before(std::int64_t time_ms) override {
    if (!owner_) return tl::unexpected(read_only().error());
    const std::lock_guard changing(first_changes_);
    const Sequence begin = first();
    auto cut = first_since(time_ms, begin, next());
    if (!cut || *cut == begin) return cut;
    rocksdb::WriteBatch write;
    rocksdb::Status status = write.Put(database_->meta(), kFirstKey, std::to_string(*cut));
    if (status.ok()) status = drop(write, *cut, begin, *cut);
    if (!status.ok())
      return tl::unexpected(UsageDatabase::error(status, "old usage can't be dropped", database_->path()));
    return cut;
  }

  Status skip_to(Sequence sequence) override {
    if (!owner_) return read_only();
    const std::lock_guard changing(first_changes_);
    const Sequence end = next();
    if (sequence < end) {
      return fail(ErrorCode::kInvalidArgument,
                  "the usage stream holds batches up to " + std::to_string(end) + " and can't go back to " +
                      std::to_string(sequence),
                  database_->path());
    }
    rocksdb::WriteBatch write;
    rocksdb::Status status = write.Put(database_->meta(), kFirstKey, std::to_string(sequence));
    if (status.ok()) status = write.Put(database_->meta(), kSkippedToKey, std::to_string(sequence));
    if (status.ok()) status = drop(write, sequence, first(), end);
    if (!status.ok())
      return tl::unexpected(UsageDatabase::error(status, "old usage can't be dropped", database_->path()));
    {
      const std::lock_guard lock(mutex_);
      next_ = sequence;
    }
    grown_.notify_all();
    return {};
  }

 private:
  static Status read_only() {
    return fail(ErrorCode::kFailedPrecondition, "the usage stream is open for reading only");
  }
  static tl::unexpected<Error> damaged(Sequence sequence) {
    return fail(ErrorCode::kDataLoss, "a batch of the usage stream is damaged", "sequence " + std::to_string(sequence),
                UsageDatabase::kAwayHint);
  }
  static tl::unexpected<Error> unreadable(const rocksdb::Status& status, Sequence sequence) {
    const std::string where = "sequence " + std::to_string(sequence);
    if (!status.ok())
      return tl::unexpected<Error>(UsageDatabase::error(status, "the usage stream can't be read", where));
    return fail(ErrorCode::kDataLoss, "a batch of the usage stream is missing", where, UsageDatabase::kAwayHint);
  }

  void begin_at(Sequence first) {
    const std::lock_guard lock(mutex_);
    first_ = first;
  }

  /// Commits the batch and, with it, the removal of [begin, end). Readers begin at `first` before anything is gone.
  rocksdb::Status drop(rocksdb::WriteBatch& write, Sequence first, Sequence begin, Sequence end) {
    const UsageKey from = usage_key(begin);
    const UsageKey to = usage_key(end);
    rocksdb::Status status = write.DeleteRange(database_->batches(), slice(from), slice(to));
    if (!status.ok()) return status;
    begin_at(first);
    status = database_->db().Write({}, &write);
    if (!status.ok()) {
      begin_at(begin);
      return status;
    }
    // Whole files go at once; the rest with the next compaction.
    const rocksdb::Slice lower = slice(from);
    const rocksdb::Slice upper = slice(to);
    return rocksdb::DeleteFilesInRange(&database_->db(), database_->batches(), &lower, &upper, false);
  }

  Status find_end() {
    const std::unique_ptr<rocksdb::Iterator> last(database_->db().NewIterator({}, database_->batches()));
    last->SeekToLast();
    if (!last->Valid()) {
      if (!last->status().ok()) return unreadable(last->status(), 0);
      const auto skipped_to = database_->read_number(kSkippedToKey);
      if (!skipped_to) return tl::unexpected(skipped_to.error());
      if (first_ != skipped_to->value_or(0)) return unreadable({}, first_);  // the last batch is never dropped
      next_ = first_;
      return {};
    }
    const auto sequence = parse_usage_key(view(last->key()));
    if (!sequence || *sequence < first_) return damaged(first_);
    if (!parse_usage_value(*sequence, view(last->value()))) return damaged(*sequence);
    next_ = *sequence + 1;
    return {};
  }

  /// A new stream says what it is before it holds anything.
  Status describe(const std::string& source) {
    rocksdb::WriteOptions durable;
    durable.sync = true;
    rocksdb::WriteBatch write;
    rocksdb::Status status = write.Put(database_->meta(), kFormatKey, std::to_string(kFormat));
    if (status.ok()) status = write.Put(database_->meta(), kSourceKey, source);
    if (status.ok()) status = database_->db().Write(durable, &write);
    if (status.ok()) return {};
    return tl::unexpected(UsageDatabase::error(status, "a new usage stream can't be written", database_->path()));
  }

  [[nodiscard]] Result<std::int64_t> time_of(Sequence sequence) const {
    std::string value;
    const UsageKey key = usage_key(sequence);
    const rocksdb::Status status = database_->db().Get({}, database_->batches(), slice(key), &value);
    if (!status.ok()) return unreadable(status.IsNotFound() ? rocksdb::Status() : status, sequence);
    const auto stored = parse_usage_value(sequence, value);
    if (!stored) return damaged(sequence);
    return stored->time_ms;
  }

  /// The first batch of `time_ms` or later, at most the last one, by bisection: times grow with sequences.
  [[nodiscard]] Result<Sequence> first_since(std::int64_t time_ms, Sequence begin, Sequence end) const {
    if (begin >= end) return begin;
    Sequence low = begin;
    Sequence high = end - 1;
    while (low < high) {
      const Sequence middle = low + (high - low) / 2;
      const auto time = time_of(middle);
      if (!time) return tl::unexpected(time.error());
      if (*time < time_ms) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  const std::optional<DirectoryOwner> owner_;  // none: read-only
  const std::unique_ptr<UsageDatabase> database_;
  std::mutex first_changes_;  // held by who drops
  mutable std::mutex mutex_;
  mutable std::condition_variable grown_;
  Sequence first_ = 0;
  Sequence next_ = 0;
};

}  // namespace

Result<std::unique_ptr<EmbeddedUsageLog>> EmbeddedUsageLog::open(const UsageLogOptions& options) {
  std::optional<DirectoryOwner> owner;
  std::error_code error;
  if (options.mode == UsageLogOptions::Mode::kReadWrite) {
    std::filesystem::create_directories(options.directory, error);
    if (error) {
      return fail(ErrorCode::kIo, "the usage stream's directory can't be made: " + error.message(), options.directory);
    }
    auto taken = DirectoryOwner::take(options.directory);
    if (!taken) return tl::unexpected(taken.error());
    owner.emplace(*std::move(taken));
  } else if (!std::filesystem::exists(options.directory / "db" / "CURRENT", error)) {
    return fail(ErrorCode::kNotFound, "there is no usage stream here", options.directory, "check the data directory");
  }
  auto database = UsageDatabase::open(options.directory / "db", options.mode);
  if (!database) return tl::unexpected(database.error());
  auto log = std::make_unique<RocksUsageLog>(std::move(owner), *std::move(database));
  if (Status begun = log->begin(options.source); !begun) return tl::unexpected(begun.error());
  return log;
}

}  // namespace keyfold::events
