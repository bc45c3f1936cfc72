#include "events/embedded_log.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <thread>

#include "events/log_directory.h"
#include "events/log_inspection.h"
#include "events/record_reader.h"
#include "events/record_writer.h"
#include "events/stored_record.h"

namespace keyfold::events {
namespace {

constexpr std::chrono::seconds kCheckpointInterval{1};
constexpr std::int64_t kWaitMsMax = 86'400'000;

rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

/// After a failed write or fsync nobody knows what the disk holds, and the kernel may drop the pages: only a restart,
/// which reads what is there, can tell.
void end_process_unless(const Status& status) {
  if (status) return;
  std::fprintf(stderr, "keyfold: fatal: %s\n", status.error().to_string().c_str());
  std::abort();
}

Status to_status(const rocksdb::Status& status, const char* what, const std::filesystem::path& where) {
  if (status.ok()) return {};
  return tl::unexpected(to_error(status, what, where));
}

class RocksLog final : public EmbeddedLog {
 public:
  RocksLog(EmbeddedLogOptions options, std::optional<DirectoryOwner> owner, std::unique_ptr<RocksStore> store,
           InspectedLog log)
      : options_(std::move(options)),
        owner_(std::move(owner)),
        store_(std::move(store)),
        log_id_(std::move(log.log_id)),
        partitions_(static_cast<std::uint32_t>(log.heads.size())),
        heads_(std::move(log.heads)) {}

  ~RocksLog() override {
    if (!writable()) return;
    // What fails here is safe in the WAL, and the next start says what is wrong.
    Status closed = to_status(store_->flush(), "the log can't be flushed", options_.directory);
    if (closed) closed = write_heads();
    if (!closed) std::fprintf(stderr, "keyfold: %s\n", closed.error().to_string().c_str());
  }

  /// A writer begins with a checkpoint of what it found, so that a log with records always has one.
  Status begin() { return writable() ? write_heads() : Status(); }

  std::uint32_t partitions() const override { return partitions_; }

  ChainState tail(PartitionId partition) const override {
    const std::lock_guard lock(mutex_);
    return heads_.at(partition);
  }

  Status append(std::span<const Append> appends) override {
    if (!writable()) return read_only();
    std::vector<ChainState> heads = heads_;  // only this thread changes them
    rocksdb::WriteBatch batch;
    for (const Append& append : appends) {
      if (Status status = add(append, heads, batch); !status) return status;
    }
    if (batch.Count() == 0) return {};
    write(batch, "the log can't be written");
    {
      const std::lock_guard lock(mutex_);
      heads_ = std::move(heads);
    }
    grown_.notify_all();
    if (std::chrono::steady_clock::now() - checkpointed_at_ >= kCheckpointInterval) end_process_unless(write_heads());
    return {};
  }

  Result<Sequence> read(PartitionId partition, Sequence from, std::size_t max_records,
                        const RecordVisitor& visit) const override {
    if (partition >= partitions_) return tl::unexpected(no_partition(partition));
    const Sequence next = tail(partition).next;
    if (from >= next) return from;
    return read_records(*store_, partition, from, from + std::min<Sequence>(max_records, next - from), visit);
  }

  bool wait(PartitionId partition, Sequence sequence, std::int64_t timeout_ms) const override {
    const std::chrono::milliseconds time(std::clamp<std::int64_t>(timeout_ms, 0, kWaitMsMax));
    std::unique_lock lock(mutex_);
    return grown_.wait_for(lock, time, [&] { return heads_.at(partition).next > sequence; });
  }

  Status verify_all() const override {
    for (PartitionId p = 0; p < partitions_; ++p) {
      if (Status status = verify_records(*store_, p, 0, tail(p).next); !status) return status;
    }
    return {};
  }

  Status put(std::string_view key, std::string_view value) override {
    if (!writable()) return read_only();
    rocksdb::WriteBatch batch;
    if (const auto status = batch.Put(store_->erasable(), slice(key), slice(value)); !status.ok()) {
      return to_status(status, "an erasable entry can't be kept", options_.directory);
    }
    write(batch, "an erasable entry can't be written");
    return {};
  }

  Result<std::string> get(std::string_view key) const override {
    std::string value;
    const rocksdb::Status status = store_->db().Get({}, store_->erasable(), slice(key), &value);
    if (status.ok()) return value;
    if (status.IsNotFound()) return fail(ErrorCode::kNotFound, "there is no such erasable entry");
    return tl::unexpected(to_error(status, "an erasable entry can't be read", options_.directory));
  }

  Status erase(std::string_view key) override {
    if (!writable()) return read_only();
    rocksdb::WriteBatch batch;
    if (const auto status = batch.Delete(store_->erasable(), slice(key)); !status.ok()) {
      return to_status(status, "an erasable entry can't be removed", options_.directory);
    }
    write(batch, "an erasable entry can't be removed");
    // Even when the entry is gone already: an earlier erasure may have been cut off right here.
    end_process_unless(rewrite_files_of(key));
    return {};
  }

  Result<std::vector<std::pair<std::string, std::string>>> list(std::string_view prefix, std::string_view from,
                                                                std::size_t entries_max) const override {
    std::vector<std::pair<std::string, std::string>> entries;
    const std::unique_ptr<rocksdb::Iterator> at(store_->db().NewIterator({}, store_->erasable()));
    for (at->Seek(slice(std::max(prefix, from)));
         at->Valid() && (prefix.empty() || at->key().starts_with(slice(prefix))); at->Next()) {
      if (entries.size() == entries_max) break;
      entries.emplace_back(at->key().ToString(), at->value().ToString());
    }
    if (at->status().ok()) return entries;
    return tl::unexpected(to_error(at->status(), "erasable entries can't be read", options_.directory));
  }

 private:
  [[nodiscard]] bool writable() const { return owner_.has_value(); }

  static Status read_only() {
    return fail(ErrorCode::kFailedPrecondition, "the log is open for reading only", "",
                "send the change to the process that owns the log");
  }

  static Error no_partition(PartitionId partition) {
    return {ErrorCode::kInvalidArgument, "the log has no partition " + std::to_string(partition), "", ""};
  }

  /// Adds the records to the batch and moves the partition's head over them; refuses what does not extend the chain.
  Status add(const Append& append, std::vector<ChainState>& heads, rocksdb::WriteBatch& batch) {
    if (append.partition >= heads.size()) return tl::unexpected(no_partition(append.partition));
    ChainState& head = heads[append.partition];
    if (append.first != head.next) {
      return fail(ErrorCode::kFailedPrecondition,
                  "records were offered from sequence " + std::to_string(append.first) + " on, but the next one is " +
                      std::to_string(head.next),
                  "partition " + std::to_string(append.partition));
    }
    for (const Record& record : append.records) {
      const Position position{append.partition, head.next};
      if (record.header.size() > kHeaderBytesMax || record.payload.size() > kPayloadBytesMax) {
        return fail(ErrorCode::kInvalidArgument, "an event is larger than the log keeps", to_string(position));
      }
      if (!header_.ParseFromString(record.header) || header_.partition() != position.partition ||
          accept(head, header_, record.header) == Verdict::kVoid) {
        return fail(ErrorCode::kFailedPrecondition, "a record does not extend its partition's chain",
                    to_string(position), "another writer took over, or its header is wrong");
      }
      if (const auto status = put_record(*store_, position, {record.header, record.payload}, batch); !status.ok()) {
        return to_status(status, "a record can't be kept", options_.directory);
      }
    }
    return {};
  }

  void write(rocksdb::WriteBatch& batch, const char* failure) {
    rocksdb::WriteOptions durable;
    durable.sync = true;
    end_process_unless(to_status(store_->db().Write(durable, &batch), failure, options_.directory));
  }

  /// Flushes and compacts what may hold the entry's bytes. They are in the WAL too: flushing every column family makes
  /// the old WAL files obsolete, and asking RocksDB for its deletions removes them before this returns.
  Status rewrite_files_of(std::string_view key) {
    rocksdb::Status status = store_->flush();
    if (status.ok()) {
      rocksdb::CompactRangeOptions options;
      options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
      const rocksdb::Slice bounds = slice(key);
      status = store_->db().CompactRange(options, store_->erasable(), &bounds, &bounds);
    }
    if (status.ok()) status = store_->db().DisableFileDeletions();
    if (status.ok()) status = store_->db().EnableFileDeletions(false);
    return to_status(status, "the files of an erased entry can't be rewritten", options_.directory);
  }

  /// Only the appending thread, and the destructor.
  Status write_heads() {
    checkpointed_at_ = std::chrono::steady_clock::now();
    return write_checkpoint(options_.directory, {log_id_, heads_}, options_.checkpoint_key);
  }

  const EmbeddedLogOptions options_;
  const std::optional<DirectoryOwner> owner_;  // none: read-only
  const std::unique_ptr<RocksStore> store_;
  const std::string log_id_;
  const std::uint32_t partitions_;

  mutable std::mutex mutex_;
  mutable std::condition_variable grown_;
  std::vector<ChainState> heads_;  // written by the appending thread under the mutex

  v1::EventHeader header_;  // the appending thread's, reused
  std::chrono::steady_clock::time_point checkpointed_at_;
};

Result<std::optional<LogCheckpoint>> find_checkpoint(const EmbeddedLogOptions& options) {
  auto checkpoint = read_checkpoint(options.directory, options.checkpoint_key, options.previous_checkpoint_keys);
  if (checkpoint) return *std::move(checkpoint);
  if (checkpoint.error().code == ErrorCode::kNotFound) return std::nullopt;
  return tl::unexpected(checkpoint.error());
}

/// Creates the database when there is none; one that has vanished from under its checkpoint is not made anew.
Status ensure_database(const EmbeddedLogOptions& options, const std::optional<LogCheckpoint>& checkpoint) {
  if (std::filesystem::exists(options.directory / "db" / "CURRENT")) return {};
  if (checkpoint) {
    return fail(ErrorCode::kDataLoss, "the log has a CHECKPOINT file but no database", options.directory,
                "restore the directory from a backup or a replica; to begin an empty log, use an empty directory");
  }
  if (options.mode == EmbeddedLogOptions::Mode::kReadOnly) {
    return fail(ErrorCode::kNotFound, "there is no log here", options.directory, "check the data directory");
  }
  return create_database(options);
}

/// A log that was read and found good.
struct View {
  std::unique_ptr<RocksStore> store;
  InspectedLog log;
};

Result<View> read_view(const EmbeddedLogOptions& options) {
  // Before the database: a reader beside a live writer must not meet a checkpoint younger than what it sees.
  const auto checkpoint = find_checkpoint(options);
  if (!checkpoint) return tl::unexpected(checkpoint.error());
  if (const Status status = ensure_database(options, *checkpoint); !status) return tl::unexpected(status.error());
  auto store = RocksStore::open(options.directory / "db", RocksStore::Access::kReadOnly, options.wal_bytes_max);
  if (!store) return tl::unexpected(store.error());
  auto log = inspect(**store, options, *checkpoint);
  if (!log) return tl::unexpected(log.error());
  return View{*std::move(store), *std::move(log)};
}

/// A live writer may remove a WAL or a table between the moment that the reader learns of it and opens it, which looks
/// like damage: only what is damaged without a writer, or stays so, is.
Result<View> read_view_beside_writer(const EmbeddedLogOptions& options) {
  for (int retries = 50;; --retries) {
    const bool writer = is_owned(options.directory);
    Result<View> view = read_view(options);
    if (view || !writer || retries == 0) return view;
    if (view.error().code != ErrorCode::kDataLoss && view.error().code != ErrorCode::kIo) return view;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

/// Looks before it touches: opening for writing replays the WAL into files and drops what it could not read, which
/// must not happen to a log that is then refused.
Result<View> take_over(const EmbeddedLogOptions& options) {
  Result<View> view = read_view(options);
  if (!view) return view;
  view->store.reset();
  auto store = RocksStore::open(options.directory / "db", RocksStore::Access::kReadWrite, options.wal_bytes_max);
  if (!store) return tl::unexpected(store.error());
  for (PartitionId p = 0; p < view->log.heads.size(); ++p) {
    const auto head = read_head(**store, p);
    if (!head) return tl::unexpected(head.error());
    if (head->next != view->log.heads[p].next || head->last_hash != view->log.heads[p].last_hash) {
      return fail(ErrorCode::kDataLoss, "the log changed while it was being opened", to_string(Position{p, head->next}),
                  "restore it from a backup or a replica");
    }
  }
  view->store = *std::move(store);
  return view;
}

}  // namespace

Result<std::unique_ptr<EmbeddedLog>> EmbeddedLog::open(EmbeddedLogOptions options) {
  std::optional<DirectoryOwner> owner;
  const bool write = options.mode == EmbeddedLogOptions::Mode::kReadWrite;
  if (write) {
    std::error_code error;
    std::filesystem::create_directories(options.directory, error);
    if (error) return fail(ErrorCode::kIo, "the log's directory can't be made: " + error.message(), options.directory);
    auto taken = DirectoryOwner::take(options.directory);
    if (!taken) return tl::unexpected(taken.error());
    owner.emplace(*std::move(taken));
  }
  auto view = write ? take_over(options) : read_view_beside_writer(options);
  if (!view) return tl::unexpected(view.error());
  auto log =
      std::make_unique<RocksLog>(std::move(options), std::move(owner), std::move(view->store), std::move(view->log));
  if (const Status status = log->begin(); !status) return tl::unexpected(status.error());
  return log;
}

}  // namespace keyfold::events
