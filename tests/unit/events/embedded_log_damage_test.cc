#include <algorithm>
#include <random>

#include "tests/unit/events/embedded_log_fixture.h"

namespace keyfold::events {
namespace {

using testing::append_events;
using testing::expected_key_ids;
using testing::file_content;
using testing::read_key_ids;
using testing::set_file_content;

bool is_prefix(const std::vector<std::string>& ids) { return ids == expected_key_ids(ids.size()); }

class EmbeddedLogDamage : public testing::EmbeddedLogTest {
 protected:
  static constexpr std::size_t kFlushed = 40;  // events per partition in files
  static constexpr std::size_t kInWal = 60;    // and so many more only in the WAL

  /// The directory of a log whose process died: events in files and in the WAL, and a checkpoint of the former.
  void make_dead_log() {
    fill(kFlushed);
    const auto log = open();
    for (std::size_t i = 0; i < kInWal; ++i) {
      for (PartitionId p = 0; p < 2; ++p) ASSERT_TRUE(append_events(*log, p, 1));
    }
    tails_ = {log->tail(0), log->tail(1)};
    // Beside the live log, without closing it: what a kill would leave.
    std::filesystem::copy(options_.directory, dead(), std::filesystem::copy_options::recursive);
    auto checkpoint = read_checkpoint(dead(), "");
    ASSERT_TRUE(checkpoint);
    log_id_ = checkpoint->log_id;
  }

  [[nodiscard]] std::filesystem::path dead() const { return directory_.path() / "dead"; }

  /// A fresh copy of the dead log, whose newest WAL has this content.
  void revive_with_wal(const std::string& content) {
    options_.directory = directory_.path() / "revived";
    std::filesystem::remove_all(options_.directory);
    std::filesystem::copy(dead(), options_.directory, std::filesystem::copy_options::recursive);
    set_file_content(options_.directory / "db" / newest_wal().filename(), content);
  }

  [[nodiscard]] std::filesystem::path newest_wal() const {
    std::filesystem::path newest;
    for (const auto& entry : std::filesystem::directory_iterator(dead() / "db")) {
      if (entry.path().extension() == ".log" && entry.path().filename() > newest.filename()) newest = entry.path();
    }
    return newest;
  }

  /// Opens what revive_with_wal made: it must hold an exact prefix that reaches the checkpoint, and take more.
  void expect_exact_prefix_from_checkpoint() {
    const auto checkpoint = read_checkpoint(options_.directory, "");
    ASSERT_TRUE(checkpoint);
    for (int times = 0; times < 2; ++times) {
      const auto log = open();
      for (PartitionId p = 0; p < 2; ++p) {
        const auto ids = read_key_ids(*log, p);
        EXPECT_TRUE(is_prefix(ids));
        EXPECT_GE(ids.size(), checkpoint->partitions.at(p).next);
        EXPECT_EQ(ids.size(), log->tail(p).next);
        EXPECT_TRUE(append_events(*log, p, 2));
      }
    }
  }

  std::vector<ChainState> tails_;  // of the dead log
  std::string log_id_;
  std::mt19937 random_{20'240'601};
};

TEST_F(EmbeddedLogDamage, DeadLogComesBackWhole) {
  make_dead_log();
  options_.directory = dead();
  const auto log = open();
  for (PartitionId p = 0; p < 2; ++p) EXPECT_EQ(read_key_ids(*log, p), expected_key_ids(kFlushed + kInWal));
}

TEST_F(EmbeddedLogDamage, TornWalLeavesAnExactPrefix) {
  make_dead_log();
  const std::string wal = file_content(newest_wal());
  ASSERT_GT(wal.size(), 10'000u);
  for (int i = 0; i < 60; ++i) {
    const std::size_t cut = i < 20 ? wal.size() - static_cast<std::size_t>(i) - 1 : random_() % wal.size();
    revive_with_wal(wal.substr(0, cut));
    EXPECT_NO_THROW(expect_exact_prefix_from_checkpoint()) << "cut at " << cut;
  }
}

TEST_F(EmbeddedLogDamage, FlippedWalByteLeavesAnExactPrefix) {
  make_dead_log();
  const std::string wal = file_content(newest_wal());
  for (int i = 0; i < 60; ++i) {
    std::string damaged = wal;
    const std::size_t at = random_() % wal.size();
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (random_() % 8)));
    revive_with_wal(damaged);
    EXPECT_NO_THROW(expect_exact_prefix_from_checkpoint()) << "flipped at " << at;
  }
}

TEST_F(EmbeddedLogDamage, WalThatLostWhatTheCheckpointSawIsRefusedAndKept) {
  make_dead_log();
  const std::string wal = file_content(newest_wal());
  for (int i = 0; i < 30; ++i) {
    const std::size_t at = random_() % wal.size();
    std::string damaged = wal.substr(0, at);
    if (i % 2 == 0) damaged += static_cast<char>(wal[at] ^ 0x10) + wal.substr(at + 1);
    revive_with_wal(damaged);
    ASSERT_TRUE(write_checkpoint(options_.directory, {log_id_, tails_}, ""));
    const auto before = testing::snapshot(options_.directory / "db");
    for (int times = 0; times < 2; ++times) {
      const Error error = refusal();
      EXPECT_EQ(error.code, ErrorCode::kDataLoss) << "damaged at " << at << ": " << error.to_string();
      EXPECT_TRUE(error.where.starts_with("partition ")) << error.to_string();
    }
    EXPECT_TRUE(testing::snapshot(options_.directory / "db") == before);
  }
}

TEST_F(EmbeddedLogDamage, FlippedByteInATableIsRefusedWithItsPositionOrDoesNoHarm) {
  fill(2'000);
  std::filesystem::path table;
  for (const auto& entry : std::filesystem::directory_iterator(options_.directory / "db")) {
    if (entry.path().extension() == ".sst" && (table.empty() || entry.file_size() > file_size(table))) table = entry;
  }
  const std::string whole = file_content(table);
  ASSERT_GT(whole.size(), 50'000u);
  options_.verify = EmbeddedLogOptions::Verify::kAll;
  int with_position = 0;
  for (int i = 0; i < 40; ++i) {
    std::string damaged = whole;
    const std::size_t at = random_() % whole.size();
    damaged[at] = static_cast<char>(damaged[at] ^ 0x04);
    set_file_content(table, damaged);
    const auto log = try_open();
    if (log) {  // a byte that nothing is read from
      EXPECT_EQ(read_key_ids(**log, 0), expected_key_ids(2'000));
      EXPECT_EQ(read_key_ids(**log, 1), expected_key_ids(2'000));
      continue;
    }
    EXPECT_EQ(log.error().code, ErrorCode::kDataLoss) << log.error().to_string();
    EXPECT_FALSE(log.error().hint.empty());
    if (log.error().where.starts_with("0:") || log.error().where.starts_with("1:")) ++with_position;
  }
  EXPECT_GT(with_position, 30);
}

TEST_F(EmbeddedLogDamage, UnverifiedDamageIsFoundByReadingAndByVerifyAll) {
  fill(2'000);
  tamper([](RocksStore& store) {
    const StoredKey key = stored_key({1, 700});
    std::string value;
    ASSERT_TRUE(store.db().Get({}, store.records(), rocksdb::Slice(key.data(), key.size()), &value).ok());
    value[20] = static_cast<char>(value[20] ^ 1);
    ASSERT_TRUE(store.db().Put({}, store.records(), rocksdb::Slice(key.data(), key.size()), value).ok());
  });
  options_.verify_tail_records = 100;
  const auto log = open();
  EXPECT_EQ(log->verify_all().error().where, "1:700");
  Sequence visited = 0;
  const auto next = log->read(1, 0, 10'000, [&](Sequence sequence, RecordView) {
    visited = sequence;
    return true;
  });
  ASSERT_FALSE(next);
  EXPECT_EQ(next.error().code, ErrorCode::kDataLoss);
  EXPECT_EQ(next.error().where, "1:700");
  EXPECT_EQ(visited, 699u);
  EXPECT_EQ(read_key_ids(*log, 1, 701).size(), 1'299u);
  EXPECT_EQ(read_key_ids(*log, 0).size(), 2'000u);
}

TEST_F(EmbeddedLogDamage, MissingRecordIsDataLossWithItsPosition) {
  fill(10);
  tamper([](RocksStore& store) {
    const StoredKey key = stored_key({0, 4});
    ASSERT_TRUE(store.db().Delete({}, store.records(), rocksdb::Slice(key.data(), key.size())).ok());
  });
  EXPECT_EQ(refusal().code, ErrorCode::kDataLoss);
  EXPECT_EQ(refusal().where, "0:4");
}

TEST_F(EmbeddedLogDamage, ForgedRecordWithARightChecksumBreaksTheChain) {
  fill(10);
  tamper([](RocksStore& store) {
    ChainState state;
    const Append forged = testing::make_append(0, state, 5, "_forged");
    store_record(store, {0, 4}, forged.records[4]);
  });
  const Error error = refusal();
  EXPECT_EQ(error.code, ErrorCode::kDataLoss);
  EXPECT_EQ(error.where, "0:4");
}

TEST_F(EmbeddedLogDamage, ForgedPayloadWithARightChecksumDoesNotMatchItsHash) {
  fill(10);
  tamper([](RocksStore& store) {
    ChainState state;
    Record forged = testing::make_append(0, state, 7).records[6];
    forged.payload = testing::key_deleted("key_7").SerializeAsString();
    store_record(store, {0, 6}, forged);
  });
  EXPECT_EQ(refusal().where, "0:6");
}

TEST_F(EmbeddedLogDamage, RecordOfAnotherPlaceIsRefused) {
  fill(10);
  tamper([](RocksStore& store) {
    ChainState state;
    store_record(store, {0, 6}, testing::make_append(1, state, 7).records[6]);
  });
  EXPECT_EQ(refusal().where, "0:6");
}

}  // namespace
}  // namespace keyfold::events
