#include <sstream>

#include <nlohmann/json.hpp>

#include "ops/cli/digest_command.h"
#include "ops/cli/log_commands.h"
#include "ops/replay/replay.h"
#include "projections/rows.h"
#include "tests/unit/ops/node_fixture.h"

namespace keyfold::ops {
namespace {

class DirectoryCommands : public testing::NodeFixture {
 protected:
  std::vector<nlohmann::json> tail(const TailRequest& request) const {
    std::ostringstream out;
    const Status status = tail_events(config, request, out);
    EXPECT_TRUE(status) << status.error().to_string();
    std::vector<nlohmann::json> events;
    std::istringstream lines(out.str());
    for (std::string line; std::getline(lines, line);) events.push_back(nlohmann::json::parse(line));
    return events;
  }
  static std::string lines_of(const std::vector<projections::StateDigest>& digests) {
    std::string lines;
    for (const auto& digest : digests) lines += digest.to_string() + "\n";
    return lines;
  }
  std::string digest() const {
    std::ostringstream out;
    const Status status = print_digest(config, out);
    EXPECT_TRUE(status) << status.error().to_string();
    return out.str();
  }
  std::string replayed() const {
    const auto log = open_read_log(config);
    return lines_of(replay(*log->log, directory / "replayed", {}).value());
  }
};

TEST_F(DirectoryCommands, TailPrintsEveryEventOfAllPartitions) {
  make_directory();
  const auto events = tail({});
  ASSERT_EQ(events.size(), 6u) << "a PartitionOpened in each of 4, a workspace and a root key";
  EXPECT_EQ(std::count_if(events.begin(), events.end(), [](const auto& e) { return e["type"] == "RootKeyCreated"; }),
            1);
}

TEST_F(DirectoryCommands, TailBeginsWhereItIsTold) {
  make_directory();
  EXPECT_EQ(tail({.from = 1}).size(), 2u);
  EXPECT_TRUE(tail({.from = 1'000'000}).empty());
}

TEST_F(DirectoryCommands, TailPrintsOnePartition) {
  make_directory();
  for (const auto& event : tail({.partition = 2})) EXPECT_EQ(event["partition"], 2);
}

TEST_F(DirectoryCommands, TailRefusesAPartitionThatIsNotThere) {
  make_directory();
  std::ostringstream out;
  EXPECT_EQ(tail_events(config, {.partition = 4}, out).error().code, ErrorCode::kInvalidArgument);
}

TEST_F(DirectoryCommands, TailFollowsOnlyAServer) {
  make_directory();
  std::ostringstream out;
  EXPECT_EQ(tail_events(config, {.after = TailRequest::After::kFollow}, out).error().code,
            ErrorCode::kFailedPrecondition);
}

TEST_F(DirectoryCommands, ReplayedReadModelsAreTheLiveOnes) {
  make_directory();
  const std::string live = digest();
  EXPECT_EQ(std::count(live.begin(), live.end(), '\n'), 4 * projections::kTableCount)
      << "a line a projector and partition";
  EXPECT_EQ(replayed(), live);
}

TEST_F(DirectoryCommands, DigestCatchesUpWithWhatACrashLeftBehind) {
  {
    const auto node = open();
    ASSERT_TRUE(bootstrap(*node));
    node->runtime().drain();
    // No flush: what the read models hold in memory is lost.
  }
  EXPECT_EQ(digest(), replayed());
}

TEST_F(DirectoryCommands, ReplayRefusesADirectoryThatHoldsSomething) {
  make_directory();
  EXPECT_EQ(replay(*open_read_log(config)->log, directory / "data", {}).error().code, ErrorCode::kFailedPrecondition);
}

TEST_F(DirectoryCommands, ReplayWorksBesideTheOwner) {
  const auto node = open();
  ASSERT_TRUE(bootstrap(*node));
  EXPECT_EQ(replayed(), lines_of(node->projections().digest().value()));
}

TEST_F(DirectoryCommands, VerifyNamesEveryPartitionsHead) {
  make_directory();
  std::ostringstream out;
  ASSERT_TRUE(verify_log(config, out));
  EXPECT_EQ(out.str().find("partition 0: "), 0u) << out.str();
  EXPECT_NE(out.str().find("log verified\n"), std::string::npos) << out.str();
}

TEST_F(DirectoryCommands, SayWhenThereIsNoLog) {
  std::ostringstream out;
  EXPECT_EQ(verify_log(config, out).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(print_digest(config, out).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(tail_events(config, {}, out).error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(directory / "data")) << "a reader must make nothing";
}

TEST_F(DirectoryCommands, SayWhenAnOwnerDoesNotSayWhereItListens) {
  const auto node = open();
  std::ostringstream out;
  EXPECT_EQ(print_digest(config, out).error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace keyfold::ops
