#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>

#include "events/embedded_log.h"
#include "events/log_checkpoint.h"
#include "events/rocks_store.h"
#include "events/stored_record.h"
#include "tests/unit/events/sample_log.h"

namespace keyfold::events::testing {

inline std::string file_content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void set_file_content(const std::filesystem::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

/// The whole directory: path below it to content.
inline std::map<std::string, std::string> snapshot(const std::filesystem::path& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file()) {
      files[std::filesystem::relative(entry.path(), directory).string()] = file_content(entry.path());
    }
  }
  return files;
}

/// A log of two partitions in a directory of its own.
class EmbeddedLogTest : public ::testing::Test {
 protected:
  EmbeddedLogTest() { options_.directory = directory_.path() / "log"; }

  [[nodiscard]] Result<std::unique_ptr<EmbeddedLog>> try_open() const { return EmbeddedLog::open(options_); }

  [[nodiscard]] std::unique_ptr<EmbeddedLog> open() const {
    auto log = try_open();
    if (!log) throw std::runtime_error(log.error().to_string());
    return *std::move(log);
  }

  /// Why the log does not open; an error that says "opened" when it does.
  [[nodiscard]] Error refusal() const {
    const auto log = try_open();
    return log ? Error{ErrorCode::kInternal, "opened", "", ""} : log.error();
  }

  /// A log with so many events in each partition, closed in good order.
  void fill(std::size_t events) const {
    const auto log = open();
    for (PartitionId p = 0; p < 2; ++p) {
      if (!append_events(*log, p, events)) throw std::runtime_error("append");
    }
  }

  /// Changes the database of a closed log behind the log's back.
  template <class Change>
  void tamper(Change change) const {
    const auto store =
        RocksStore::open(options_.directory / "db", RocksStore::Access::kReadWrite, options_.wal_bytes_max);
    if (!store) throw std::runtime_error(store.error().to_string());
    change(**store);
    if (!(*store)->flush().ok()) throw std::runtime_error("flush");
  }

  /// Stores a record with a right checksum, whatever it says.
  static void store_record(RocksStore& store, const Position& position, const Record& record) {
    const StoredKey key = stored_key(position);
    const StoredFrame frame = stored_frame(position, {record.header, record.payload});
    const std::string value = std::string(frame.header_bytes.data(), 4) + record.header + record.payload +
                              std::string(frame.checksum.data(), 4);
    ASSERT_TRUE(store.db().Put({}, store.records(), rocksdb::Slice(key.data(), key.size()), value).ok());
  }

  TemporaryDirectory directory_;
  EmbeddedLogOptions options_{.directory = {}, .partitions = 2};
};

}  // namespace keyfold::events::testing
