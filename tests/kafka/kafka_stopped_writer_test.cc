#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "tests/kafka/kafka_fixture.h"

namespace keyfold::events {
namespace {

using testing::all_records;
using testing::append_events;
using testing::open_partition;

constexpr int kFenced = 42;
constexpr int kOtherwise = 43;
constexpr std::int64_t kLongMs = 60'000;

/// Another process: appends to partition 0 until it is refused. Run by the test below, which names topics and
/// directory.
TEST(KafkaStoppedWriter, DISABLED_AppendsUntilItIsRefused) {
  const char* prefix = std::getenv("KEYFOLD_TEST_PREFIX");
  const char* directory = std::getenv("KEYFOLD_TEST_DIRECTORY");
  if (prefix == nullptr || directory == nullptr) std::_Exit(kOtherwise);
  auto log = KafkaLog::open({.kafka = testing::kafka_options(prefix), .directory = directory, .partitions = 1});
  ASSERT_TRUE(log) << log.error().to_string();
  const Status opened = open_partition(**log, 0, 1);
  ASSERT_TRUE(opened) << opened.error().to_string();
  // Its own idea of the chain, as an owner keeps it: whatever others do, it goes on from its own last event.
  ChainState chain = (*log)->tail(0);
  Status appended;
  while (appended) {
    const Append append = testing::make_append(0, chain, 1);
    appended = (*log)->append({&append, 1});
  }
  ASSERT_EQ(appended.error().code, ErrorCode::kFailedPrecondition) << appended.error().to_string();
  std::_Exit(kFenced);
}

pid_t start_writer(const std::string& prefix, const std::filesystem::path& directory) {
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  ::setenv("KEYFOLD_TEST_PREFIX", prefix.c_str(), 1);
  ::setenv("KEYFOLD_TEST_DIRECTORY", directory.c_str(), 1);
  ::execl("/proc/self/exe", "kafka_test", "--gtest_also_run_disabled_tests", "--gtest_brief=1",
          "--gtest_filter=KafkaStoppedWriter.DISABLED_AppendsUntilItIsRefused", nullptr);
  std::_Exit(kOtherwise);
}

TEST(KafkaStoppedWriter, GetsNothingAcceptedAfterAHigherEpochWhenItGoesOn) {
  const testing::TemporaryDirectory directory;
  const std::string prefix = testing::new_topic_prefix();
  const pid_t writer = start_writer(prefix, directory.path() / "writer");
  ASSERT_GT(writer, 0);
  const auto log = KafkaLog::open(
      {.kafka = testing::kafka_options(prefix), .directory = directory.path() / "other", .partitions = 1});
  ASSERT_TRUE(log) << log.error().to_string();
  ASSERT_TRUE((*log)->wait(0, 50, kLongMs));
  ASSERT_EQ(::kill(writer, SIGSTOP), 0);
  // What it sent before it stood still may land first.
  Status opened;
  do {
    opened = open_partition(**log, 0, (*log)->tail(0).epoch + 1);
  } while (!opened && opened.error().code == ErrorCode::kFailedPrecondition);
  ASSERT_TRUE(opened) << opened.error().to_string();
  ASSERT_TRUE(append_events(**log, 0, 3));
  ASSERT_EQ(::kill(writer, SIGCONT), 0);
  int ended = 0;
  ASSERT_EQ(::waitpid(writer, &ended, 0), writer);
  EXPECT_TRUE(WIFEXITED(ended) && WEXITSTATUS(ended) == kFenced) << ended;

  ASSERT_TRUE(append_events(**log, 0, 1));
  std::uint64_t epoch = 0;
  v1::EventHeader header;
  for (const auto& [bytes, payload] : all_records(**log, 0)) {
    ASSERT_TRUE(header.ParseFromString(bytes));
    EXPECT_GE(header.epoch(), epoch);
    epoch = header.epoch();
  }
  EXPECT_EQ(epoch, 2u);
  const auto writers_copy = KafkaLog::open(
      {.kafka = testing::kafka_options(prefix), .directory = directory.path() / "writer", .partitions = 1});
  ASSERT_TRUE(writers_copy) << writers_copy.error().to_string();
  EXPECT_EQ(all_records(**writers_copy, 0), all_records(**log, 0));
}

}  // namespace
}  // namespace keyfold::events
