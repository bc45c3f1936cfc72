#include "events/kafka/log_copy.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace keyfold::events {
namespace {

constexpr const char* kOriginKey = "origin";

std::string to_text(const CopyOrigin& origin) {
  return origin.cluster_id + "\n" + origin.topic + "\n" + std::to_string(origin.partitions);
}
/// The same for people.
std::string described(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

std::string mark_key(PartitionId partition) { return "mark " + std::to_string(partition); }

/// Offset and timestamp as text, and the hash's bytes.
std::string to_text(const TopicMark& mark) {
  return std::to_string(mark.offset) + " " + std::to_string(mark.timestamp) + " " + std::string(as_view(mark.hash));
}

std::optional<TopicMark> parse_mark(std::string_view text) {
  TopicMark mark;
  for (std::int64_t* number : {&mark.offset, &mark.timestamp}) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
    if (error != std::errc() || end == text.data() + text.size() || *end != ' ') return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  }
  if (text.size() != mark.hash.size()) return std::nullopt;
  std::copy(text.begin(), text.end(), mark.hash.begin());
  return mark;
}

}  // namespace

Result<LogCopy> LogCopy::open(const std::filesystem::path& directory, const CopyOrigin& origin,
                              std::size_t wal_bytes_max) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return fail(ErrorCode::kIo, "the log's directory can't be made: " + error.message(), directory);
  auto owner = DirectoryOwner::take(directory);
  if (!owner) return tl::unexpected(owner.error());
  if (std::filesystem::exists(directory / "db" / "CURRENT", error)) {
    return fail(ErrorCode::kFailedPrecondition, "the directory holds an embedded log", directory,
                "use another data directory for the log on Kafka");
  }
  const std::filesystem::path database = directory / "copy";
  const bool exists = std::filesystem::exists(database / "CURRENT", error);
  auto store =
      RocksStore::open(database, exists ? RocksStore::Access::kReadWrite : RocksStore::Access::kCreate, wal_bytes_max);
  if (!store) {
    if (store.error().code == ErrorCode::kDataLoss) store.error().hint = kRemoveCopyHint;
    return tl::unexpected(store.error());
  }
  LogCopy copy(*std::move(owner), *std::move(store), directory);
  if (const Status status = copy.check_origin(origin); !status) return tl::unexpected(status.error());
  return copy;
}

LogCopy::~LogCopy() {
  // What fails here is in the WAL, or is read from the topic again.
  if (store_ != nullptr) store_->flush().PermitUncheckedError();
}

Status LogCopy::check_origin(const CopyOrigin& origin) const {
  std::string known;
  const auto status = store_->db().Get({}, store_->meta(), kOriginKey, &known);
  if (status.IsNotFound()) {
    rocksdb::WriteBatch batch;
    const auto put = batch.Put(store_->meta(), kOriginKey, to_text(origin));
    if (!put.ok()) return tl::unexpected(to_error(put, "the log's copy can't be made", directory_));
    return write(batch);
  }
  if (!status.ok()) return tl::unexpected(to_error(status, "the log's copy can't be read", directory_));
  if (known == to_text(origin)) return {};
  return fail(ErrorCode::kFailedPrecondition,
              "the directory holds a copy of another log (cluster, topic, partitions: " + described(known) + "; not " +
                  described(to_text(origin)) + ")",
              directory_, kRemoveCopyHint);
}

Result<TopicMark> LogCopy::mark(PartitionId partition) const {
  std::string text;
  const auto status = store_->db().Get({}, store_->meta(), mark_key(partition), &text);
  if (status.IsNotFound()) return TopicMark{};
  if (!status.ok()) return tl::unexpected(to_error(status, "the log's copy can't be read", directory_));
  const auto mark = parse_mark(text);
  if (mark) return *mark;
  return fail(ErrorCode::kDataLoss, "the log's copy is damaged", directory_, kRemoveCopyHint);
}

rocksdb::Status LogCopy::put_mark(PartitionId partition, const TopicMark& mark, rocksdb::WriteBatch& batch) const {
  return batch.Put(store_->meta(), mark_key(partition), to_text(mark));
}

Status LogCopy::write(rocksdb::WriteBatch& batch) const {
  const auto status = store_->db().Write({}, &batch);
  if (status.ok()) return {};
  return tl::unexpected(to_error(status, "the log's copy can't be written", directory_));
}

}  // namespace keyfold::events
