#include "projections/store.h"

#include <rocksdb/convenience.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include "projections/big_endian.h"
#include "projections/row_access.h"
#include "projections/store_options.h"

namespace keyfold::projections {
namespace {

constexpr std::size_t kPartitionBytes = 2;
constexpr std::size_t kReadaheadBytes = std::size_t{2} * 1024 * 1024;

rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view view(const rocksdb::Slice& bytes) { return {bytes.data(), bytes.size()}; }

std::string partition_prefix(events::PartitionId partition) { return to_big_endian(partition, kPartitionBytes); }

std::string checkpoint_key(events::PartitionId partition) { return "checkpoint/" + partition_prefix(partition); }

rocksdb::WriteOptions without_wal() {
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  options.memtable_insert_hint_per_batch = true;
  return options;
}

/// Damage and I/O trouble as an error that says that nothing is lost.
Error to_error(const rocksdb::Status& status, const std::string& what, const std::filesystem::path& directory) {
  const std::string cause = status.ToString();
  const std::string text = what + ": " + cause;
  // RocksDB has no code of its own for a held lock, only these words (another process, this process).
  if (status.IsIOError() && (cause.find("While lock file") != std::string::npos ||
                             cause.find("lock hold by current process") != std::string::npos)) {
    return {ErrorCode::kFailedPrecondition, text, directory, "another process holds the directory: stop it first"};
  }
  return {status.IsCorruption() ? ErrorCode::kDataLoss : ErrorCode::kIo, text, directory,
          "check the disk's space and permissions; " + rebuild_hint(directory)};
}

Status check_families(const std::filesystem::path& directory, const rocksdb::DBOptions& options) {
  std::vector<std::string> found;
  const rocksdb::Status status = rocksdb::DB::ListColumnFamilies(options, directory, &found);
  if (!status.ok()) return tl::unexpected(to_error(status, "the projections can't be listed", directory));
  for (const std::string& name : found) {
    if (std::find(kFamilyNames.begin(), kFamilyNames.end(), name) != kFamilyNames.end()) continue;
    return fail(ErrorCode::kFailedPrecondition, "the projections hold \"" + name + "\", which this build doesn't know",
                directory, "a newer keyfold wrote them: run that version, or " + rebuild_hint(directory));
  }
  return {};
}

}  // namespace

std::string rebuild_hint(const std::filesystem::path& directory) {
  return "projections are only derived from the log: with keyfold stopped, delete " + directory.string() +
         " and they are rebuilt at the next start";
}

Result<std::unique_ptr<Store>> Store::open(const std::filesystem::path& directory, Access access) {
  rocksdb::DBOptions options = store_options();
  std::error_code error;
  if (access == Access::kReadWrite) {
    std::filesystem::create_directories(directory, error);
    if (error) {
      return fail(ErrorCode::kIo, "the projections' directory can't be made: " + error.message(), directory,
                  "check the path and its permissions");
    }
    options.create_if_missing = true;
    options.create_missing_column_families = true;
  }
  const bool exists = std::filesystem::exists(directory / "CURRENT", error);
  if (!exists && access == Access::kReadOnly) {
    return fail(ErrorCode::kNotFound, "there are no projections", directory,
                "check the path; projections are made when keyfold starts on a log");
  }
  if (exists) {
    if (Status known = check_families(directory, options); !known) return tl::unexpected(known.error());
  }
  std::unique_ptr<Store> store(new Store(directory));
  rocksdb::DB* raw = nullptr;
  const rocksdb::Status status =
      access == Access::kReadOnly
          ? rocksdb::DB::OpenForReadOnly(options, directory, store_families(), &store->families_, &raw)
          : rocksdb::DB::Open(options, directory, store_families(), &store->families_, &raw);
  store->db_.reset(raw);
  if (!status.ok()) return tl::unexpected(to_error(status, "the projections can't be opened", directory));
  return store;
}

Store::~Store() {
  if (db_ == nullptr) return;
  for (rocksdb::ColumnFamilyHandle* handle : families_) db_->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
  db_->Close().PermitUncheckedError();
}

Status Store::to_status(const rocksdb::Status& status, const char* what) const {
  if (status.ok()) return {};
  return tl::unexpected(to_error(status, what, directory_));
}

template <class Row>
Result<std::optional<Row>> Store::read_meta(const std::string& key, const rocksdb::Snapshot* snapshot) const {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  std::string value;
  const rocksdb::Status status = db_->Get(options, meta(), key, &value);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return tl::unexpected(to_error(status, "the projections can't be read", directory_));
  Row row;
  if (!row.ParseFromString(value)) {
    return fail(ErrorCode::kDataLoss, "the projections' checkpoints are damaged", directory_, rebuild_hint(directory_));
  }
  return row;
}

Result<std::optional<rows::DirectoryRow>> Store::read_directory_row(const rocksdb::Snapshot* snapshot) const {
  return read_meta<rows::DirectoryRow>("directory", snapshot);
}

Status Store::write_directory_row(const rows::DirectoryRow& row) {
  return to_status(db_->Put(without_wal(), meta(), "directory", row.SerializeAsString()),
                   "the projections can't be written");
}

Result<rows::CheckpointRow> Store::read_checkpoint(events::PartitionId partition,
                                                   const rocksdb::Snapshot* snapshot) const {
  return read_meta<rows::CheckpointRow>(checkpoint_key(partition), snapshot)
      .map([](const std::optional<rows::CheckpointRow>& row) { return row.value_or(rows::CheckpointRow()); });
}

Status Store::write(events::PartitionId partition, const Changes& changes, const rows::CheckpointRow& checkpoint) {
  const std::string prefix = partition_prefix(partition);
  rocksdb::WriteBatch batch;
  rocksdb::Status status = batch.Put(meta(), checkpoint_key(partition), checkpoint.SerializeAsString());
  for (const Change& change : changes) {
    if (!status.ok()) break;
    const std::array<rocksdb::Slice, 2> key = {slice(prefix), slice(change.key)};
    const rocksdb::SliceParts key_parts(key.data(), static_cast<int>(key.size()));
    if (change.value) {
      const rocksdb::Slice value = slice(*change.value);
      status = batch.Put(family(change.table), key_parts, rocksdb::SliceParts(&value, 1));
    } else {
      status = batch.Delete(family(change.table), key_parts);
    }
  }
  if (status.ok()) status = db_->Write(without_wal(), &batch);
  return to_status(status, "the projections can't be written");
}

Status Store::reset(std::span<const Table> tables, std::span<const rows::CheckpointRow> checkpoints) {
  const std::string end = std::string(kPartitionBytes + 1, '\xff');
  rocksdb::WriteBatch batch;
  rocksdb::Status status;
  for (const Table table : tables) {
    if (status.ok()) status = batch.DeleteRange(family(table), rocksdb::Slice(), end);
  }
  for (events::PartitionId partition = 0; partition < checkpoints.size(); ++partition) {
    if (!status.ok()) break;
    status = batch.Put(meta(), checkpoint_key(partition), checkpoints[partition].SerializeAsString());
  }
  if (status.ok()) status = db_->Write(without_wal(), &batch);
  if (!status.ok()) return to_status(status, "the projections can't be written");
  if (Status flushed = flush(); !flushed) return flushed;
  for (const Table table : tables) {
    // The rows are gone already; this frees their space and rids later reads of the range tombstone.
    status = rocksdb::DeleteFilesInRange(db_.get(), family(table), nullptr, nullptr);
    if (status.ok()) status = db_->CompactRange({}, family(table), nullptr, nullptr);
    if (!status.ok()) return to_status(status, "the projections can't be compacted");
  }
  return {};
}

std::optional<std::string> Store::get(events::PartitionId partition, Table table, std::string_view key) const {
  const std::string full_key = row_key({partition_prefix(partition), key});
  std::optional<std::string> value(std::in_place);
  const rocksdb::Status status = db_->Get({}, family(table), full_key, &*value);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) {
    const Error error = to_error(status, "a row of the projections can't be read", directory_);
    std::fprintf(stderr, "keyfold: fatal: %s\n", error.to_string().c_str());
    std::abort();
  }
  return value;
}

Status Store::visit(events::PartitionId partition, Table table, std::string_view prefix, std::string_view from,
                    const rocksdb::Snapshot* snapshot, Extent extent, const RowVisitor& visitor) const {
  const std::string first = row_key({partition_prefix(partition), std::max(prefix, from)});
  const std::string end = end_of(row_key({partition_prefix(partition), prefix}));
  const rocksdb::Slice upper = end;
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  if (!end.empty()) options.iterate_upper_bound = &upper;
  if (extent == Extent::kTable) {
    options.fill_cache = false;
    options.readahead_size = kReadaheadBytes;
  }
  const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(options, family(table)));
  for (at->Seek(first); at->Valid(); at->Next()) {
    if (!visitor(view(at->key()).substr(kPartitionBytes), view(at->value()))) break;
  }
  return to_status(at->status(), "the projections can't be read");
}

Status Store::write_snapshot(const std::filesystem::path& directory) const {
  rocksdb::Checkpoint* raw = nullptr;
  rocksdb::Status status = rocksdb::Checkpoint::Create(db_.get(), &raw);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(raw);
  if (status.ok()) status = checkpoint->CreateCheckpoint(directory);
  return to_status(status, "a snapshot of the projections can't be made");
}

Status Store::flush() { return to_status(db_->Flush({}, families_), "the projections can't be flushed"); }

}  // namespace keyfold::projections
