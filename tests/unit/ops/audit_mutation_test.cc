#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "actors/audit/audit_logs.h"
#include "events/embedded_log.h"
#include "events/rocks_store.h"
#include "events/stored_record.h"
#include "ops/cli/audit_proof_commands.h"
#include "ops/cli/config.h"
#include "ops/cli/logging.h"
#include "ops/cli/settings.h"
#include "tests/append_event.h"
#include "tests/temporary_directory.h"

// Everything that somebody with the disk in their hands could do to the records is found, and where. Changes go through
// RocksDB, with the right checksums: what finds them is what the records say about each other, and the signatures.
namespace keyfold::ops {
namespace {

using events::Position;
using events::Record;
using events::Sequence;

constexpr const char* kWorkspace = "ws_1";
constexpr Sequence kEvents = 300;

std::string bytes_of(const auto& array) { return {array.data(), array.size()}; }

class AuditMutation : public ::testing::TestWithParam<Sequence> {
 protected:
  AuditMutation() {
    start_logging("off");
    config_.set_data_directory(temporary_.path() / "data");
    make();
  }

  /// A data directory as a server leaves it: a log, its trees, and checkpoints of them.
  void make() {
    const Paths paths = paths_of(config_);
    std::filesystem::create_directories(paths.data);
    const auto log = events::EmbeddedLog::open({.directory = paths.log, .partitions = 2}).value();
    for (Sequence i = 0; i < kEvents; ++i) {
      keyfold::testing::append_event(*log, kWorkspace, "key_deleted { key_id: 'key_" + std::to_string(i) + "' }");
    }
    const auto trees = projections::AuditStore::open(paths.audit, *log).value();
    ASSERT_TRUE(trees->catch_up());
    const SystemClock clock;
    actors::Vault vault(*log, actors::MasterKey::from_file(paths.master_key).value(), clock);
    const auto logs = actors::AuditLogs::open(*trees, *log, *log, vault, {}).value();
    ASSERT_TRUE(logs->publish());
    ASSERT_TRUE(trees->flush());
    verifier_key_ = logs->verifier(home()).to_string();
  }

  [[nodiscard]] events::PartitionId home() const { return events::partition_of(kWorkspace, 2); }
  [[nodiscard]] std::unique_ptr<events::RocksStore> store() const {
    return events::RocksStore::open(paths_of(config_).log / "db", events::RocksStore::Access::kReadWrite, 0).value();
  }

  [[nodiscard]] Record read(const events::RocksStore& store, Sequence sequence) const {
    const Position position{home(), sequence};
    std::string value;
    EXPECT_TRUE(store.db().Get({}, store.records(), bytes_of(events::stored_key(position)), &value).ok());
    const auto record = events::parse_stored_value(position, value);
    EXPECT_TRUE(record);
    return {std::string(record->header), std::string(record->payload)};
  }
  void write(const events::RocksStore& store, Sequence sequence, const Record& record) const {
    const Position position{home(), sequence};
    const events::StoredFrame frame = events::stored_frame(position, {record.header, record.payload});
    const std::string value = bytes_of(frame.header_bytes) + record.header + record.payload + bytes_of(frame.checksum);
    ASSERT_TRUE(store.db().Put({}, store.records(), bytes_of(events::stored_key(position)), value).ok());
  }
  void erase(const events::RocksStore& store, Sequence sequence) const {
    ASSERT_TRUE(store.db().Delete({}, store.records(), bytes_of(events::stored_key({home(), sequence}))).ok());
  }

  /// Another event in that place, and every one behind it made to follow: the chain is whole again.
  void rewrite_from(Sequence from) const {
    const auto db = store();
    std::string previous;
    for (Sequence sequence = from; sequence < kEvents; ++sequence) {
      const Record old = read(*db, sequence);
      events::Event event;
      ASSERT_TRUE(events::decode({old.header, old.payload}, event));
      if (sequence == from) event.payload.mutable_key_deleted()->set_key_id("forged");
      if (!previous.empty()) event.header.set_previous_hash(previous);
      const Record forged = events::encode(event.header, event.payload);
      previous = std::string(as_view(events::leaf_hash(forged.header)));
      write(*db, sequence, forged);
    }
  }

  struct Found {
    std::optional<Sequence> place;
    std::string what;
  };
  /// The first problem that `keyfold audit verify` tells of; fails the test when the exit status is good.
  [[nodiscard]] std::vector<Found> verify(AuditVerifyRequest request = {}) const {
    std::ostringstream out;
    request.output = Output::kJson;
    const Status verified = verify_audit_logs(config_, request, out);
    std::vector<Found> found;
    const auto report = nlohmann::json::parse(out.str(), nullptr, false);
    EXPECT_FALSE(report.is_discarded()) << (verified ? "" : verified.error().to_string());
    if (report.is_discarded()) return found;
    for (const auto& log : report["logs"]) {
      for (const auto& problem : log["problems"]) {
        EXPECT_EQ(problem["partition"], std::to_string(home()));
        found.push_back(
            {problem["sequence"].is_null() ? std::nullopt : std::optional(problem["sequence"].get<Sequence>()),
             problem["problem"]});
      }
    }
    EXPECT_EQ(verified.has_value(), found.empty());
    return found;
  }
  void expect_found(std::optional<Sequence> place, const std::string& what) const {
    const auto found = verify();
    ASSERT_FALSE(found.empty());
    EXPECT_EQ(found[0].place, place) << found[0].what;
    EXPECT_NE(found[0].what.find(what), std::string::npos) << found[0].what;
  }

  keyfold::testing::TemporaryDirectory temporary_;
  v1::Config config_ = default_config();
  std::string verifier_key_;
};

TEST_F(AuditMutation, NothingIsFoundWhereNothingWasChanged) { EXPECT_TRUE(verify().empty()); }

TEST_P(AuditMutation, FlippedBitOfAPayloadIsFound) {
  const auto db = store();
  Record record = read(*db, GetParam());
  record.payload.back() = static_cast<char>(record.payload.back() ^ 1);
  write(*db, GetParam(), record);
  expect_found(GetParam(), "does not match its hash");
}

TEST_P(AuditMutation, ChangedHeaderIsFound) {
  const auto db = store();
  const Record old = read(*db, GetParam());
  events::Event event;
  ASSERT_TRUE(events::decode({old.header, old.payload}, event));
  event.header.set_remote_ip("192.0.2.1");
  write(*db, GetParam(), events::encode(event.header, event.payload));
  expect_found(GetParam(), "another one than was there");
}

TEST_P(AuditMutation, DamagedBytesAreFound) {
  const auto db = store();
  const std::string key = bytes_of(events::stored_key({home(), GetParam()}));
  std::string value;
  ASSERT_TRUE(db->db().Get({}, db->records(), key, &value).ok());
  value[value.size() / 2] = static_cast<char>(value[value.size() / 2] ^ 1);
  ASSERT_TRUE(db->db().Put({}, db->records(), key, value).ok());
  expect_found(GetParam(), "damaged");
}

TEST_P(AuditMutation, DroppedRecordIsFound) {
  erase(*store(), GetParam());
  expect_found(GetParam(), GetParam() + 1 == kEvents ? "the log ends here" : "missing");
}

TEST_P(AuditMutation, SwappedRecordsAreFound) {
  const Sequence first = std::min(GetParam(), kEvents - 2);
  const auto db = store();
  const Record one = read(*db, first);
  const Record other = read(*db, first + 1);
  write(*db, first, other);
  write(*db, first + 1, one);
  expect_found(first, "says that it is");
}

TEST_P(AuditMutation, InsertedRecordIsFound) {
  const auto db = store();
  for (Sequence sequence = kEvents; sequence > GetParam(); --sequence) write(*db, sequence, read(*db, sequence - 1));
  Record forged = read(*db, GetParam());
  events::Event event;
  ASSERT_TRUE(events::decode({forged.header, forged.payload}, event));
  event.payload.mutable_key_deleted()->set_key_id("inserted");
  write(*db, GetParam(), events::encode(event.header, event.payload));
  expect_found(GetParam(), "another one than was there");
}

TEST_P(AuditMutation, TruncatedLogIsFound) {
  const auto db = store();
  for (Sequence sequence = GetParam(); sequence < kEvents; ++sequence) erase(*db, sequence);
  expect_found(GetParam(), "the log ends here, but a checkpoint was signed for 300 events");
}

TEST_P(AuditMutation, HistoryThatWasWrittenAnewIsFoundWhereItBegins) {
  rewrite_from(GetParam());
  expect_found(GetParam(), "another one than was there");
}

/// The chain is whole, and nothing else is left to compare with: the signature alone gives it away.
TEST_P(AuditMutation, HistoryThatWasWrittenAnewIsFoundByTheCheckpointAlone) {
  rewrite_from(GetParam());
  std::filesystem::remove_all(paths_of(config_).audit);
  expect_found(std::nullopt, "the first 300 events are not those that a checkpoint was signed for");
}

TEST_F(AuditMutation, CheckpointOfAnotherKeyIsFound) {
  const auto db = store();
  const auto forger =
      events::NoteSigner::make("keyfold.local/forged/" + std::to_string(home()), std::string(32, 'f')).value();
  const auto kept = "audit/head/" + std::to_string(home()) + "/";
  const events::TreeHead forged{forger.verifier().name, 1, {}};
  ASSERT_TRUE(db->db().Put({}, db->erasable(), kept, forger.sign(to_text(forged))).ok());
  expect_found(std::nullopt, "can't be believed");
}

/// An auditor who kept a checkpoint needs nothing of the directory's own.
TEST_F(AuditMutation, OlderCheckpointFindsWhatTheDirectoryHasForgotten) {
  const std::string since = temporary_.path() / "since";
  EXPECT_TRUE(verify({.since_file = since}).empty());
  {
    const auto db = store();
    for (Sequence sequence = 200; sequence < kEvents; ++sequence) erase(*db, sequence);
    const auto kept = "audit/head/" + std::to_string(home()) + "/";
    ASSERT_TRUE(db->db().Delete({}, db->erasable(), kept).ok());
    std::filesystem::remove_all(paths_of(config_).audit);
  }
  AuditVerifyRequest request{.since_file = since};
  request.keys = {verifier_key_};
  const auto found = verify(request);
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found[0].place, std::optional<Sequence>(200));
}

INSTANTIATE_TEST_SUITE_P(Places, AuditMutation, ::testing::Values(0, 1, 100, 255, 256, kEvents - 1));

}  // namespace
}  // namespace keyfold::ops
