#include "events/log_inspection.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "events/log_directory.h"
#include "events/record_reader.h"
#include "schemas/base/clock.h"
#include "schemas/base/encoding.h"
#include "schemas/base/random.h"

namespace keyfold::events {
namespace {

constexpr std::uint32_t kPartitionsMax = 1024;
constexpr const char* kFormatKey = "format";
constexpr const char* kPartitionsKey = "partitions";
constexpr const char* kLogIdKey = "log_id";
constexpr const char* kCreatedAtKey = "created_at_ms";
constexpr const char* kBehindHint =
    "restore the directory from a backup or a replica; to go on with what is left, remove CHECKPOINT and open the log "
    "once with missing_checkpoint = accept: acknowledged events are then lost";

Result<std::string> read_meta(const RocksStore& store, const char* key) {
  std::string value;
  const rocksdb::Status status = store.db().Get({}, store.meta(), key, &value);
  if (status.ok()) return value;
  if (!status.IsNotFound()) return tl::unexpected(to_error(status, "the log's description can't be read", key));
  return fail(ErrorCode::kDataLoss, "the log's description is incomplete", key, "restore it from a backup");
}

Result<std::uint32_t> read_meta_number(const RocksStore& store, const char* key) {
  const Result<std::string> text = read_meta(store, key);
  if (!text) return tl::unexpected(text.error());
  std::uint32_t number = 0;
  const auto parsed = std::from_chars(text->data(), text->data() + text->size(), number);
  if (parsed.ec == std::errc() && parsed.ptr == text->data() + text->size()) return number;
  return fail(ErrorCode::kDataLoss, "the log's description is damaged", key, "restore it from a backup");
}

Status check_format(const RocksStore& store, const EmbeddedLogOptions& options) {
  const auto format = read_meta_number(store, kFormatKey);
  if (!format) return tl::unexpected(format.error());
  if (*format <= kLogFormat) return {};
  return fail(
      ErrorCode::kFailedPrecondition,
      "the log has format " + std::to_string(*format) + ", this build reads up to " + std::to_string(kLogFormat),
      options.directory, "a newer keyfold wrote it: run that version or a later one");
}

/// Holds one partition against its checkpoint: nothing below it may be missing or different.
Status check_head(const RocksStore& store, PartitionId partition, const ChainState& head, const ChainState& known) {
  const std::string where = "partition " + std::to_string(partition);
  if (head.next < known.next) {
    return fail(ErrorCode::kDataLoss,
                "the log lost records: it ends before sequence " + std::to_string(head.next) +
                    ", but its checkpoint says " + std::to_string(known.next),
                where, kBehindHint);
  }
  if (known.next == 0) return {};
  const Result<Digest> hash = read_leaf_hash(store, {partition, known.next - 1});
  if (!hash) return tl::unexpected(hash.error());
  if (*hash == known.last_hash) return {};
  return fail(ErrorCode::kDataLoss, "the log's history is not the one that its checkpoint saw",
              to_string(Position{partition, known.next - 1}), kBehindHint);
}

Status check_against(const RocksStore& store, const EmbeddedLogOptions& options, const InspectedLog& log,
                     const std::optional<LogCheckpoint>& checkpoint) {
  const bool empty = std::all_of(log.heads.begin(), log.heads.end(), [](const auto& head) { return head.next == 0; });
  if (!checkpoint) {
    if (empty || options.missing_checkpoint == EmbeddedLogOptions::MissingCheckpoint::kAccept) return {};
    return fail(ErrorCode::kDataLoss, "the log holds records but its CHECKPOINT file is missing", options.directory,
                "restore the file from a backup; to accept what the database holds, open the log once with "
                "missing_checkpoint = accept");
  }
  if (checkpoint->log_id != log.log_id || checkpoint->partitions.size() != log.heads.size()) {
    return fail(ErrorCode::kFailedPrecondition, "the CHECKPOINT file belongs to another log", options.directory,
                kBehindHint);
  }
  for (PartitionId p = 0; p < log.heads.size(); ++p) {
    if (Status status = check_head(store, p, log.heads[p], checkpoint->partitions[p]); !status) return status;
  }
  return {};
}

Status verify(const RocksStore& store, const EmbeddedLogOptions& options, const InspectedLog& log, bool checkpointed) {
  const bool all = options.verify == EmbeddedLogOptions::Verify::kAll || !checkpointed;
  for (PartitionId p = 0; p < log.heads.size(); ++p) {
    const Sequence end = log.heads[p].next;
    const Sequence from = all || end < options.verify_tail_records ? 0 : end - options.verify_tail_records;
    if (Status status = verify_records(store, p, from, end); !status) return status;
  }
  return {};
}

}  // namespace

Status create_database(const EmbeddedLogOptions& options) {
  if (options.partitions == 0 || options.partitions > kPartitionsMax) {
    return fail(
        ErrorCode::kInvalidArgument,
        "a log has 1 to " + std::to_string(kPartitionsMax) + " partitions, not " + std::to_string(options.partitions),
        options.directory);
  }
  const std::filesystem::path unfinished = options.directory / "db.new";
  std::error_code error;
  std::filesystem::remove_all(unfinished, error);
  if (error) return fail(ErrorCode::kIo, "an unfinished log can't be removed: " + error.message(), unfinished);
  {
    const auto store = RocksStore::open(unfinished, RocksStore::Access::kCreate, options.wal_bytes_max);
    if (!store) return tl::unexpected(store.error());
    std::array<std::uint8_t, 16> id{};
    fill_random(id);
    rocksdb::WriteBatch batch;
    rocksdb::WriteOptions durable;
    durable.sync = true;
    rocksdb::Status status = batch.Put((*store)->meta(), kFormatKey, std::to_string(kLogFormat));
    if (status.ok()) status = batch.Put((*store)->meta(), kPartitionsKey, std::to_string(options.partitions));
    if (status.ok()) {
      status = batch.Put((*store)->meta(), kLogIdKey, to_hex({reinterpret_cast<const char*>(id.data()), id.size()}));
    }
    if (status.ok()) status = batch.Put((*store)->meta(), kCreatedAtKey, std::to_string(SystemClock().now_ms()));
    if (status.ok()) status = (*store)->db().Write(durable, &batch);
    if (status.ok()) status = (*store)->flush();
    if (!status.ok()) return tl::unexpected(to_error(status, "a new log can't be written", unfinished));
  }
  std::filesystem::rename(unfinished, options.directory / "db", error);
  if (error) return fail(ErrorCode::kIo, "a new log can't be moved to its place: " + error.message(), unfinished);
  return sync_directory(options.directory);
}

Result<InspectedLog> inspect(const RocksStore& store, const EmbeddedLogOptions& options,
                             const std::optional<LogCheckpoint>& checkpoint) {
  if (const Status status = check_format(store, options); !status) return tl::unexpected(status.error());
  const auto partitions = read_meta_number(store, kPartitionsKey);
  if (!partitions) return tl::unexpected(partitions.error());
  if (options.partitions != 0 && options.partitions != *partitions) {
    return fail(ErrorCode::kFailedPrecondition,
                "the log has " + std::to_string(*partitions) + " partitions, not " + std::to_string(options.partitions),
                options.directory, "set the number back: it is fixed when a log is created");
  }
  auto log_id = read_meta(store, kLogIdKey);
  if (!log_id) return tl::unexpected(log_id.error());
  InspectedLog log{*std::move(log_id), {}};
  for (PartitionId p = 0; p < *partitions; ++p) {
    const Result<ChainState> head = read_head(store, p);
    if (!head) return tl::unexpected(head.error());
    log.heads.push_back(*head);
  }
  if (const Status status = check_against(store, options, log, checkpoint); !status) {
    return tl::unexpected(status.error());
  }
  if (const Status status = verify(store, options, log, checkpoint.has_value()); !status) {
    return tl::unexpected(status.error());
  }
  return log;
}

}  // namespace keyfold::events
