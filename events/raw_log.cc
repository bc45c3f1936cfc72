#include "events/raw_log.h"

#include <algorithm>
#include <charconv>

#include "events/stored_record.h"

namespace keyfold::events {
namespace {

constexpr const char* kPartitionsKey = "partitions";
constexpr std::size_t kReadaheadBytes = std::size_t{2} << 20;

rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view view(const rocksdb::Slice& bytes) { return {bytes.data(), bytes.size()}; }

}  // namespace

Result<std::unique_ptr<RawLog>> RawLog::open(const std::filesystem::path& directory) {
  std::error_code error;
  if (!std::filesystem::exists(directory / "db", error)) {
    return fail(ErrorCode::kNotFound, "there is no log here", directory, "check --data and the configuration");
  }
  auto store = RocksStore::open(directory / "db", RocksStore::Access::kReadOnly, 0);
  if (!store) return tl::unexpected(store.error());
  return std::unique_ptr<RawLog>(new RawLog(directory, *std::move(store)));
}

Result<std::uint32_t> RawLog::partitions() const {
  std::string text;
  std::uint32_t number = 0;
  const rocksdb::Status status = store_->db().Get({}, store_->meta(), kPartitionsKey, &text);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (status.ok() && error == std::errc() && end == text.data() + text.size() && number > 0) return number;
  return fail(ErrorCode::kDataLoss, "the log's description is damaged", directory_, "restore it from a backup");
}

Status RawLog::visit(Visitor visitor) const {
  rocksdb::ReadOptions options;
  options.readahead_size = kReadaheadBytes;
  options.fill_cache = false;
  const std::unique_ptr<rocksdb::Iterator> at(store_->db().NewIterator(options, store_->records()));
  for (at->SeekToFirst(); at->Valid(); at->Next()) {
    const auto position = parse_stored_key(view(at->key()));
    if (!position) return fail(ErrorCode::kDataLoss, "the log holds a foreign entry", directory_);
    visitor(*position, parse_stored_value(*position, view(at->value())));
  }
  if (at->status().ok()) return {};
  return tl::unexpected(to_error(at->status(), "the log's records can't be read", directory_));
}

Status RawLog::put(std::string_view, std::string_view) {
  return fail(ErrorCode::kFailedPrecondition, "the log is open for reading only", directory_);
}

Status RawLog::erase(std::string_view) {
  return fail(ErrorCode::kFailedPrecondition, "the log is open for reading only", directory_);
}

Result<std::string> RawLog::get(std::string_view key) const {
  std::string value;
  const rocksdb::Status status = store_->db().Get({}, store_->erasable(), slice(key), &value);
  if (status.ok()) return value;
  if (status.IsNotFound()) return fail(ErrorCode::kNotFound, "there is no such entry", std::string(key));
  return tl::unexpected(to_error(status, "an erasable entry can't be read", directory_));
}

Result<std::vector<std::pair<std::string, std::string>>> RawLog::list(std::string_view prefix, std::string_view from,
                                                                      std::size_t entries_max) const {
  std::vector<std::pair<std::string, std::string>> entries;
  const std::unique_ptr<rocksdb::Iterator> at(store_->db().NewIterator({}, store_->erasable()));
  for (at->Seek(slice(std::max(prefix, from))); at->Valid() && at->key().starts_with(slice(prefix)); at->Next()) {
    if (entries.size() == entries_max) break;
    entries.emplace_back(at->key().ToString(), at->value().ToString());
  }
  if (at->status().ok()) return entries;
  return tl::unexpected(to_error(at->status(), "erasable entries can't be read", directory_));
}

}  // namespace keyfold::events
