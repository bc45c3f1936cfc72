#include "projections/audit_store.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "events/merkle.h"
#include "projections/audit_fold.h"
#include "projections/audit_rows.h"
#include "projections/audit_store_options.h"
#include "projections/big_endian.h"

namespace keyfold::projections {
namespace {

/// Of the rows; a store of another one is made anew.
constexpr std::uint64_t kFormat = 1;
constexpr const char* kFormatKey = "format";  // format, number of partitions
constexpr std::size_t kBatchEvents = 4'096;
/// Between two looks at the log while somebody waits for what is not there yet.
constexpr std::chrono::milliseconds kHurriedRest{1};

std::string_view view(const rocksdb::Slice& bytes) { return {bytes.data(), bytes.size()}; }

std::string rebuild_hint(const std::filesystem::path& directory) {
  return "with keyfold stopped, delete " + directory.string() + ": it is made anew from the log";
}

rocksdb::WriteOptions without_wal() {
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  return options;
}

class RocksAuditStore final : public AuditStore {
 public:
  RocksAuditStore(std::filesystem::path directory, const events::Log& log)
      : path_(std::move(directory)), log_(log), folds_(log.partitions()), next_(log.partitions()) {}
  ~RocksAuditStore() override { close(); }

  Status begin() {
    if (Status opened = open_database(); !opened) return opened;
    for (events::PartitionId partition = 0; partition < partitions(); ++partition) {
      if (Status restored = restore(partition); !restored) return restored;
    }
    return restore_directory();
  }

  std::uint32_t partitions() const override { return static_cast<std::uint32_t>(folds_.size()); }

  events::Sequence next(events::PartitionId partition) const override {
    return next_.at(partition).load(std::memory_order_acquire);
  }

  bool wait(const events::Position& position, std::int64_t timeout_ms) const override {
    if (position.partition >= partitions()) return false;
    const auto is_in = [&] { return next(position.partition) > position.sequence; };
    if (is_in()) return true;
    std::unique_lock lock(mutex_);
    ++waiting_;
    wanted_.notify_all();
    const bool came = grown_.wait_for(lock, std::chrono::milliseconds(timeout_ms), is_in);
    --waiting_;
    return came;
  }

  void rest(const std::stop_token& stop, std::int64_t time_ms) override {
    std::unique_lock lock(mutex_);
    const auto is_wanted = [this] { return waiting_ > 0; };
    if (!is_wanted()) {
      wanted_.wait_for(lock, stop, std::chrono::milliseconds(time_ms), is_wanted);
    } else {
      wanted_.wait_for(lock, stop, kHurriedRest, [] { return false; });
    }
  }

  Status scan_workspace(events::PartitionId partition, std::string_view workspace_id, events::Sequence from,
                        EventOrder order, SequenceVisitor visit) const override {
    return scan(workspace_prefix(partition, workspace_id), from, order, visit);
  }

  Status scan_resource(events::PartitionId partition, std::string_view workspace_id, std::string_view kind,
                       std::string_view id, events::Sequence from, EventOrder order,
                       SequenceVisitor visit) const override {
    return scan(resource_prefix(partition, workspace_id, kind, id), from, order, visit);
  }

  Status scan_principal(events::PartitionId partition, std::string_view workspace_id, std::string_view principal_id,
                        events::Sequence from, EventOrder order, SequenceVisitor visit) const override {
    return scan(principal_prefix(partition, workspace_id, principal_id), from, order, visit);
  }

  Result<events::Sequence> first_at_or_after(events::PartitionId partition, std::int64_t time_ms) const override {
    const events::Sequence end = next(partition);
    events::Sequence from = end - end % kTimeSampleEvents;
    const std::string prefix = time_prefix(partition);
    const std::string upper = end_of(prefix);
    rocksdb::ReadOptions options;
    const rocksdb::Slice bound = upper;
    options.iterate_upper_bound = &bound;
    const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(options, families_.index));
    at->Seek(time_key(partition, time_ms, 0));
    if (at->Valid()) from = std::min(from, sequence_of_key(view(at->key())) + 1 - kTimeSampleEvents);
    if (Status read = to_status(at->status(), "can't be read"); !read) return tl::unexpected(read.error());
    return first_in_log(partition, time_ms, from, end);
  }

  std::uint64_t tree_size(TreeId tree) const override {
    if (tree == kDirectoryTree) return directory_leaves_.load(std::memory_order_acquire);
    return tree < partitions() ? next(tree) : 0;
  }

  Result<Digest> root(TreeId tree, std::uint64_t size) const override {
    return prove<Digest>(tree, size, [&](events::TileHashes& hashes) { return events::merkle_root(size, hashes); });
  }

  Result<std::vector<Digest>> inclusion_proof(TreeId tree, std::uint64_t index, std::uint64_t size) const override {
    return prove<std::vector<Digest>>(
        tree, size, [&](events::TileHashes& hashes) { return events::inclusion_proof(index, size, hashes); });
  }

  Result<std::vector<Digest>> consistency_proof(TreeId tree, std::uint64_t from, std::uint64_t to) const override {
    return prove<std::vector<Digest>>(
        tree, to, [&](events::TileHashes& hashes) { return events::consistency_proof(from, to, hashes); });
  }

  Result<std::string> tile(TreeId tree, const events::Tile& tile) const override {
    std::string hashes;
    const rocksdb::Status status = db_->Get({}, families_.tiles, tile_key(tree, tile.level, tile.index), &hashes);
    if (!status.ok() && !status.IsNotFound()) return tl::unexpected(to_status(status, "can't be read").error());
    if (hashes.size() < tile.width * events::kHashBytes) {
      return fail(ErrorCode::kNotFound, "the log has not grown that far", events::tile_path(tile));
    }
    hashes.resize(tile.width * events::kHashBytes);
    return hashes;
  }

  Result<std::string> directory_leaf(std::uint64_t index) const override {
    std::string leaf;
    const rocksdb::Status status = db_->Get({}, families_.index, directory_leaf_key(index), &leaf);
    if (status.ok()) return leaf;
    if (!status.IsNotFound()) return tl::unexpected(to_status(status, "can't be read").error());
    return fail(ErrorCode::kNotFound, "the directory has no leaf " + std::to_string(index));
  }

  std::vector<std::uint64_t> directory_sizes() const override {
    const std::lock_guard lock(mutex_);
    return directory_sizes_;
  }

  Result<std::uint64_t> fold(events::PartitionId partition) override {
    AuditFold fold = folds_.at(partition);
    DirectoryFold directory = directory_;
    const events::Sequence from = fold.checkpoint().next;
    rocksdb::WriteBatch batch;
    Status added;
    const auto read = log_.read(partition, from, kBatchEvents, [&](events::Sequence, events::RecordView record) {
      added = fold.add(record, directory, families_, batch);
      return added.has_value();
    });
    if (!read) return tl::unexpected(read.error());
    if (!added) return tl::unexpected(added.error());
    const events::Sequence reached = fold.checkpoint().next;
    if (reached == from) return 0;
    fold.finish(families_, batch);
    directory.finish(families_, batch);
    if (const rocksdb::Status status = db_->Write(without_wal(), &batch); !status.ok()) {
      db_->Resume().PermitUncheckedError();
      return tl::unexpected(to_status(status, "can't be written").error());
    }
    folds_[partition] = std::move(fold);
    {
      const std::lock_guard lock(mutex_);
      publish(std::move(directory));
      next_[partition].store(reached, std::memory_order_release);
    }
    grown_.notify_all();
    return reached - from;
  }

  Status flush() override { return to_status(db_->Flush({}, handles_), "can't be flushed"); }

 private:
  Status to_status(const rocksdb::Status& status, const char* what) const {
    if (status.ok()) return {};
    return fail(status.IsCorruption() ? ErrorCode::kDataLoss : ErrorCode::kIo,
                std::string("the audit store ") + what + ": " + status.ToString(), path_,
                "check the disk's space and permissions; if it is damaged, " + rebuild_hint(path_));
  }
  tl::unexpected<Error> refuse(const std::string& what) const {
    return fail(ErrorCode::kDataLoss, what, path_, rebuild_hint(path_));
  }

  void close() {
    if (db_ == nullptr) return;
    for (auto* handle : handles_) db_->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
    handles_.clear();
    db_->Close().PermitUncheckedError();
    db_.reset();
  }

  Status open_database() {
    std::error_code error;
    std::filesystem::create_directories(path_, error);
    if (error) return fail(ErrorCode::kIo, "the audit store's directory can't be made: " + error.message(), path_);
    if (is_of_other_build()) {
      if (Status emptied = empty(); !emptied) return emptied;
    }
    if (Status opened = open_families(); !opened) return opened;
    std::string value;
    rocksdb::Status status = db_->Get({}, families_.meta, kFormatKey, &value);
    if (status.ok() && from_big_endian(std::string_view(value).substr(0, 8)) != kFormat) {
      close();
      if (Status emptied = empty(); !emptied) return emptied;
      if (Status opened = open_families(); !opened) return opened;
      status = rocksdb::Status::NotFound();
    }
    if (status.IsNotFound()) {
      value = to_big_endian(kFormat, 8) + to_big_endian(partitions(), 8);
      status = db_->Put(without_wal(), families_.meta, kFormatKey, value);
    }
    if (!status.ok()) return to_status(status, "can't be opened");
    const std::uint64_t partitions_of = value.size() == 16 ? from_big_endian(std::string_view(value).substr(8)) : 0;
    if (partitions_of == partitions()) return {};
    return refuse("the audit store is of a log with " + std::to_string(partitions_of) + " partitions, this one has " +
                  std::to_string(partitions()));
  }

  /// Whether the directory holds a database with column families that this build doesn't know.
  bool is_of_other_build() const {
    std::vector<std::string> found;
    if (!rocksdb::DB::ListColumnFamilies(audit_store_options(), path_, &found).ok()) return false;
    return std::any_of(found.begin(), found.end(), [](const std::string& name) {
      return std::find(kAuditFamilyNames.begin(), kAuditFamilyNames.end(), name) == kAuditFamilyNames.end();
    });
  }

  Status empty() const {
    return to_status(rocksdb::DestroyDB(path_, rocksdb::Options(audit_store_options(), {})),
                     "of another version can't be removed");
  }

  Status open_families() {
    rocksdb::DB* raw = nullptr;
    const rocksdb::Status status =
        rocksdb::DB::Open(audit_store_options(), path_, audit_store_families(), &handles_, &raw);
    db_.reset(raw);
    if (status.ok()) families_ = {handles_[0], handles_[1], handles_[2]};
    return to_status(status, "can't be opened");
  }

  /// Goes on where the partition's fold ended, and holds it against the log.
  Status restore(events::PartitionId partition) {
    AuditCheckpoint checkpoint;
    std::string value;
    const rocksdb::Status status = db_->Get({}, families_.meta, checkpoint_key(partition), &value);
    if (!status.ok() && !status.IsNotFound()) return to_status(status, "can't be read");
    if (status.ok()) {
      const auto stored = decode_checkpoint(value);
      if (!stored) return refuse("the audit store's checkpoint is damaged");
      checkpoint = *stored;
    }
    if (Status checked = check_against_log(partition, checkpoint); !checked) return checked;
    auto tree = restore_tree(partition, checkpoint.next);
    if (!tree) return tl::unexpected(tree.error());
    folds_[partition] = AuditFold(partition, checkpoint, *std::move(tree));
    next_[partition].store(checkpoint.next, std::memory_order_release);
    return {};
  }

  Status restore_directory() {
    DirectoryCheckpoint checkpoint{0, std::vector<std::uint64_t>(partitions())};
    std::string value;
    const rocksdb::Status status = db_->Get({}, families_.meta, kDirectoryCheckpointKey, &value);
    if (!status.ok() && !status.IsNotFound()) return to_status(status, "can't be read");
    if (status.ok()) {
      auto stored = decode_directory_checkpoint(value, partitions());
      if (!stored) return refuse("the audit store's checkpoint is damaged");
      checkpoint = *std::move(stored);
    }
    auto tree = restore_tree(kDirectoryTree, checkpoint.leaves);
    if (!tree) return tl::unexpected(tree.error());
    publish(DirectoryFold(*std::move(tree), std::move(checkpoint)));
    return {};
  }

  void publish(DirectoryFold directory) {
    directory_ = std::move(directory);
    directory_sizes_ = directory_.checkpoint().sizes;
    directory_leaves_.store(directory_.checkpoint().leaves, std::memory_order_release);
  }

  Result<AuditTree> restore_tree(TreeId id, std::uint64_t size) const {
    std::vector<std::string> edges;
    for (unsigned level = 0; events::hashes_at(level, size) > 0; ++level) {
      const std::uint64_t hashes = events::hashes_at(level, size);
      const events::Tile edge{level, hashes / events::kTileWidth, hashes % events::kTileWidth};
      auto read = edge.width == 0 ? Result<std::string>(std::string()) : tile(id, edge);
      if (!read) return refuse("the audit store lacks " + events::tile_path(edge));
      edges.push_back(*std::move(read));
    }
    return AuditTree(id, size, std::move(edges));
  }

  Status check_against_log(events::PartitionId partition, const AuditCheckpoint& checkpoint) const {
    if (checkpoint.next == 0) return {};
    const events::Sequence tail = log_.tail(partition).next;
    const std::string name = "partition " + std::to_string(partition);
    if (tail < checkpoint.next) {
      return fail(
          ErrorCode::kDataLoss,
          "the log has lost records: the audit store has seen " + std::to_string(checkpoint.next) + " of " + name +
              ", the log holds " + std::to_string(tail),
          path_,
          "restore the log from a backup or a replica; if this log is the one to go on with, " + rebuild_hint(path_));
    }
    Digest found{};
    const auto read = log_.read(partition, checkpoint.next - 1, 1, [&](events::Sequence, events::RecordView record) {
      found = events::leaf_hash(record.header);
      return true;
    });
    if (!read) return tl::unexpected(read.error());
    if (found == checkpoint.last_hash) return {};
    return fail(ErrorCode::kDataLoss,
                "the log holds another event " + std::to_string(checkpoint.next - 1) + " of " + name +
                    " than the one that the audit store has seen",
                path_, "check that this is the right log; else, " + rebuild_hint(path_));
  }

  Status scan(const std::string& prefix, events::Sequence from, EventOrder order, SequenceVisitor visit) const {
    const std::string end = end_of(prefix);
    const rocksdb::Slice lower = prefix;
    const rocksdb::Slice upper = end;
    rocksdb::ReadOptions options;
    options.iterate_lower_bound = &lower;
    options.iterate_upper_bound = &upper;
    const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(options, families_.index));
    const bool is_ascending = order == EventOrder::kOldestFirst;
    const std::string first = prefix + sequence_bytes(from);
    is_ascending ? at->Seek(first) : at->SeekForPrev(first);
    while (at->Valid() && visit(sequence_of_key(view(at->key())))) is_ascending ? at->Next() : at->Prev();
    return to_status(at->status(), "can't be read");
  }

  Result<events::Sequence> first_in_log(events::PartitionId partition, std::int64_t time_ms, events::Sequence from,
                                        events::Sequence end) const {
    events::Sequence found = end;
    bool is_readable = true;
    v1::EventHeader header;
    const auto read = log_.read(partition, from, end - from, [&](events::Sequence sequence, events::RecordView record) {
      is_readable = header.ParseFromArray(record.header.data(), static_cast<int>(record.header.size()));
      if (is_readable && header.time_ms() < time_ms) return true;
      found = sequence;
      return false;
    });
    if (!read) return tl::unexpected(read.error());
    if (is_readable) return found;
    return fail(ErrorCode::kDataLoss, "the header of an event is damaged",
                events::to_string(events::Position{partition, found}), "restore the log from a backup or a replica");
  }

  template <class T, class Work>
  Result<T> prove(TreeId tree, std::uint64_t size, Work work) const {
    if (size > tree_size(tree)) {
      return fail(ErrorCode::kInvalidArgument,
                  (tree == kDirectoryTree ? "the directory" : "partition " + std::to_string(tree)) + " holds " +
                      std::to_string(tree_size(tree)) + " leaves, not " + std::to_string(size),
                  {}, "ask for a size up to that of the latest checkpoint");
    }
    events::TileHashes hashes(size, [&](const events::Tile& wanted) { return tile(tree, wanted); });
    return work(hashes);
  }

  const std::filesystem::path path_;
  const events::Log& log_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
  AuditFamilies families_;
  std::vector<AuditFold> folds_;  // of the one thread that folds
  std::vector<std::atomic<events::Sequence>> next_;
  DirectoryFold directory_;                     // of the one thread that folds
  std::vector<std::uint64_t> directory_sizes_;  // guarded by `mutex_`
  std::atomic<std::uint64_t> directory_leaves_{0};

  mutable std::mutex mutex_;
  mutable std::condition_variable_any wanted_;  // somebody waits
  mutable std::condition_variable grown_;       // `next_` moved
  mutable int waiting_ = 0;
};

}  // namespace

Status AuditStore::catch_up() {
  for (events::PartitionId partition = 0; partition < partitions();) {
    const auto folded = fold(partition);
    if (!folded) return tl::unexpected(folded.error());
    if (*folded == 0) ++partition;
  }
  return {};
}

Result<std::unique_ptr<AuditStore>> AuditStore::open(const std::filesystem::path& directory, const events::Log& log) {
  auto store = std::make_unique<RocksAuditStore>(directory, log);
  if (Status begun = store->begin(); !begun) return tl::unexpected(begun.error());
  return store;
}

}  // namespace keyfold::projections
