#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "events/log_directory.h"
#include "tests/unit/events/embedded_log_fixture.h"

namespace keyfold::events {
namespace {

using EmbeddedLogOpen = testing::EmbeddedLogTest;
using testing::append_events;
using testing::expected_key_ids;
using testing::read_key_ids;
using testing::snapshot;

TEST_F(EmbeddedLogOpen, SecondOpenerIsRefusedAndToldTheOwnersProcessId) {
  const auto log = open();
  const Error error = refusal();
  EXPECT_EQ(error.code, ErrorCode::kFailedPrecondition);
  EXPECT_EQ(error.where, options_.directory);
  EXPECT_NE(error.what.find("pid " + std::to_string(::getpid())), std::string::npos) << error.what;
  EXPECT_FALSE(error.hint.empty());
}

TEST_F(EmbeddedLogOpen, OtherProcessIsRefusedWhileTheLogIsOpenAndWelcomeAfterwards) {
  auto log = open();
  const std::string expected = "pid " + std::to_string(::getpid());
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const Error error = refusal();
    const bool told = error.what.find(expected) != std::string::npos;
    ::_exit(error.code == ErrorCode::kFailedPrecondition && told ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  log.reset();
  EXPECT_TRUE(try_open());
}

TEST_F(EmbeddedLogOpen, NewerFormatIsRefusedNamingBothVersions) {
  fill(3);
  tamper([](RocksStore& store) { ASSERT_TRUE(store.db().Put({}, store.meta(), "format", "2").ok()); });
  const Error error = refusal();
  EXPECT_EQ(error.code, ErrorCode::kFailedPrecondition);
  EXPECT_NE(error.what.find("format 2"), std::string::npos) << error.what;
  EXPECT_NE(error.what.find("up to 1"), std::string::npos) << error.what;
}

TEST_F(EmbeddedLogOpen, ColumnFamilyOfANewerKeyfoldIsRefusedByName) {
  fill(3);
  tamper([](RocksStore& store) {
    rocksdb::ColumnFamilyHandle* family = nullptr;
    ASSERT_TRUE(store.db().CreateColumnFamily({}, "tiles", &family).ok());
    ASSERT_TRUE(store.db().DestroyColumnFamilyHandle(family).ok());
  });
  const Error error = refusal();
  EXPECT_EQ(error.code, ErrorCode::kFailedPrecondition);
  EXPECT_NE(error.what.find("\"tiles\""), std::string::npos) << error.what;
}

TEST_F(EmbeddedLogOpen, AnotherNumberOfPartitionsIsRefused) {
  fill(1);
  options_.partitions = 4;
  const Error error = refusal();
  EXPECT_EQ(error.code, ErrorCode::kFailedPrecondition);
  EXPECT_NE(error.what.find("2 partitions, not 4"), std::string::npos) << error.what;
}

TEST_F(EmbeddedLogOpen, ZeroPartitionsMeansAsManyAsTheDirectoryHas) {
  EXPECT_NO_FATAL_FAILURE(fill(1));
  options_.partitions = 0;
  EXPECT_EQ(open()->partitions(), 2u);
}

TEST_F(EmbeddedLogOpen, NewLogNeedsOneToAThousandAndTwentyFourPartitions) {
  for (const std::uint32_t partitions : {0u, 1025u}) {
    options_.partitions = partitions;
    EXPECT_EQ(refusal().code, ErrorCode::kInvalidArgument) << partitions;
  }
}

TEST_F(EmbeddedLogOpen, CheckpointFollowsTheTailsWhenTheLogIsClosed) {
  options_.checkpoint_key = "a key";
  fill(7);
  const auto checkpoint = read_checkpoint(options_.directory, "a key");
  ASSERT_TRUE(checkpoint);
  const auto log = open();
  for (PartitionId p = 0; p < 2; ++p) {
    EXPECT_EQ(checkpoint->partitions.at(p).next, 7u);
    EXPECT_EQ(checkpoint->partitions.at(p).last_hash, log->tail(p).last_hash);
  }
}

TEST_F(EmbeddedLogOpen, HeadBehindTheCheckpointIsRefusedAndTheDirectoryIsLeftAlone) {
  fill(5);
  auto checkpoint = read_checkpoint(options_.directory, "");
  ASSERT_TRUE(checkpoint);
  checkpoint->partitions[1].next = 9;
  ASSERT_TRUE(write_checkpoint(options_.directory, *checkpoint, ""));
  const auto before = snapshot(options_.directory);
  const Error error = refusal();
  EXPECT_EQ(error.code, ErrorCode::kDataLoss);
  EXPECT_EQ(error.where, "partition 1");
  EXPECT_NE(error.what.find("before sequence 5"), std::string::npos) << error.what;
  EXPECT_NE(error.what.find("says 9"), std::string::npos) << error.what;
  EXPECT_NE(error.hint.find("backup"), std::string::npos) << error.hint;
  EXPECT_TRUE(snapshot(options_.directory) == before);
}

TEST_F(EmbeddedLogOpen, HistoryOtherThanTheCheckpointsIsRefused) {
  fill(5);
  auto checkpoint = read_checkpoint(options_.directory, "");
  ASSERT_TRUE(checkpoint);
  checkpoint->partitions[1].next = 3;  // with the hash of another record
  ASSERT_TRUE(write_checkpoint(options_.directory, *checkpoint, ""));
  const Error error = refusal();
  EXPECT_EQ(error.code, ErrorCode::kDataLoss);
  EXPECT_EQ(error.where, "1:2");
}

TEST_F(EmbeddedLogOpen, CheckpointOfAnotherLogIsRefused) {
  fill(2);
  auto checkpoint = read_checkpoint(options_.directory, "");
  ASSERT_TRUE(checkpoint);
  checkpoint->log_id = std::string(32, '0');
  ASSERT_TRUE(write_checkpoint(options_.directory, *checkpoint, ""));
  EXPECT_EQ(refusal().code, ErrorCode::kFailedPrecondition);
}

TEST_F(EmbeddedLogOpen, CheckpointThatWasChangedOrMadeWithAnotherKeyIsRefused) {
  options_.checkpoint_key = "a key";
  fill(2);
  const std::filesystem::path file = options_.directory / "CHECKPOINT";
  const std::string whole = testing::file_content(file);
  for (const std::string& content :
       {whole.substr(0, whole.size() - 1), std::string(), "x" + whole, whole + "x", whole.substr(0, 30)}) {
    testing::set_file_content(file, content);
    EXPECT_EQ(refusal().code, ErrorCode::kFailedPrecondition);
  }
  for (std::size_t i = 0; i < whole.size(); i += 7) {
    std::string changed = whole;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    testing::set_file_content(file, changed);
    EXPECT_EQ(refusal().code, ErrorCode::kFailedPrecondition) << i;
  }
  testing::set_file_content(file, whole);
  EXPECT_TRUE(try_open());
  options_.checkpoint_key = "another key";
  const Error error = refusal();
  EXPECT_EQ(error.code, ErrorCode::kFailedPrecondition);
  EXPECT_NE(error.hint.find("missing_checkpoint"), std::string::npos);
}

TEST_F(EmbeddedLogOpen, MissingCheckpointIsRefusedUntilItIsAcceptedOnce) {
  fill(4);
  std::filesystem::remove(options_.directory / "CHECKPOINT");
  EXPECT_EQ(refusal().code, ErrorCode::kDataLoss);
  options_.missing_checkpoint = EmbeddedLogOptions::MissingCheckpoint::kAccept;
  EXPECT_TRUE(try_open());
  options_.missing_checkpoint = EmbeddedLogOptions::MissingCheckpoint::kRefuse;
  EXPECT_EQ(read_key_ids(*open(), 0), expected_key_ids(4));
}

TEST_F(EmbeddedLogOpen, AcceptingAMissingCheckpointStillVerifiesEveryRecord) {
  fill(20);
  std::filesystem::remove(options_.directory / "CHECKPOINT");
  tamper([](RocksStore& store) {
    const StoredKey key = stored_key({1, 2});
    ASSERT_TRUE(store.db().Put({}, store.records(), rocksdb::Slice(key.data(), key.size()), "garbage").ok());
  });
  options_.verify_tail_records = 1;
  options_.missing_checkpoint = EmbeddedLogOptions::MissingCheckpoint::kAccept;
  EXPECT_EQ(refusal().where, "1:2");
}

TEST_F(EmbeddedLogOpen, DatabaseThatVanishedFromUnderItsCheckpointIsNotMadeAnew) {
  fill(2);
  std::filesystem::remove_all(options_.directory / "db");
  EXPECT_EQ(refusal().code, ErrorCode::kDataLoss);
  EXPECT_FALSE(std::filesystem::exists(options_.directory / "db"));
}

TEST_F(EmbeddedLogOpen, CreationThatWasCutOffIsBegunAgain) {
  std::filesystem::create_directories(options_.directory / "db.new");
  testing::set_file_content(options_.directory / "db.new" / "CURRENT", "half");
  EXPECT_NO_THROW(fill(1));
  EXPECT_FALSE(std::filesystem::exists(options_.directory / "db.new"));
}

TEST_F(EmbeddedLogOpen, ReaderOfAMissingDirectoryIsToldSoAndMakesNothing) {
  options_.mode = EmbeddedLogOptions::Mode::kReadOnly;
  EXPECT_EQ(refusal().code, ErrorCode::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(options_.directory));
}

TEST_F(EmbeddedLogOpen, ReaderLeavesTheDirectoryAloneAndCanChangeNothing) {
  fill(3);
  options_.mode = EmbeddedLogOptions::Mode::kReadOnly;
  const auto before = snapshot(options_.directory);
  {
    const auto log = open();
    EXPECT_EQ(read_key_ids(*log, 1), expected_key_ids(3));
    EXPECT_EQ(append_events(*log, 0, 1).error().code, ErrorCode::kFailedPrecondition);
    EXPECT_EQ(log->put("a", "b").error().code, ErrorCode::kFailedPrecondition);
    EXPECT_EQ(log->erase("a").error().code, ErrorCode::kFailedPrecondition);
  }
  EXPECT_TRUE(snapshot(options_.directory) == before);
}

/// The writer's small WAL limit makes files come and go many times a second.
TEST_F(EmbeddedLogOpen, ReadersBesideALiveWriterSeeWhatWasDurableWhenTheyOpened) {
  const std::string padding(500, 'x');
  options_.wal_bytes_max = std::size_t{256} << 10;
  const auto writer = open();
  std::atomic<bool> done = false;
  std::atomic<bool> appended = true;
  std::thread appender([&] {
    for (int i = 0; i < 5'000 && !done && appended; ++i) appended = append_events(*writer, 0, 4, padding).has_value();
  });
  EmbeddedLogOptions reader_options = options_;
  reader_options.mode = EmbeddedLogOptions::Mode::kReadOnly;
  for (int i = 0; i < 20; ++i) {
    const Sequence known = writer->tail(0).next;
    const auto reader = EmbeddedLog::open(reader_options);
    EXPECT_TRUE(reader) << reader.error().to_string();
    if (!reader) break;
    Sequence next = known < 1'000 ? 0 : known - 1'000;
    for (const std::string& id : read_key_ids(**reader, 0, next)) {
      EXPECT_EQ(id, "key_" + std::to_string(next++) + padding);
    }
    EXPECT_EQ(next, (*reader)->tail(0).next);
    EXPECT_GE(next, known);
  }
  done = true;
  appender.join();
  EXPECT_TRUE(appended);
}

std::filesystem::path& directory_to_remove() {
  static std::filesystem::path path;
  return path;
}

TEST_F(EmbeddedLogOpen, DirectoryIsOwnedExactlyWhileAWriterHasItOpen) {
  EXPECT_FALSE(is_owned(options_.directory));
  auto log = open();
  EXPECT_TRUE(is_owned(options_.directory));
  log.reset();
  EXPECT_FALSE(is_owned(options_.directory));
}

TEST_F(EmbeddedLogOpen, FailedWriteEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto write_beyond_the_limit = [this] {
    const auto log = open();
    // The process that dies has run this test from its beginning, in a directory of its own.
    directory_to_remove() = directory_.path();
    std::signal(SIGABRT, [](int) { std::filesystem::remove_all(directory_to_remove()); });
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{rlim_t{64} << 10, rlim_t{64} << 10};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    for (int i = 0; i < 100; ++i) (void)append_events(*log, 0, 1, std::string(std::size_t{16} << 10, 'x'));
  };
  EXPECT_DEATH(write_beyond_the_limit(), "fatal: the log can't be written.*File too large");
}

}  // namespace
}  // namespace keyfold::events
