#include "gateway/api/access_log.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "tests/temporary_directory.h"

namespace keyfold::api {
namespace {

using Mode = AccessLog::Mode;

class AccessLogTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::string file() const { return directory_.path() / "access.log"; }
  [[nodiscard]] std::unique_ptr<AccessLog> open(Mode mode) const { return AccessLog::open(mode, file()).value(); }
  /// What a closed log wrote.
  [[nodiscard]] std::vector<nlohmann::json> lines() const {
    std::ifstream stream(file());
    std::vector<nlohmann::json> lines;
    for (std::string line; std::getline(stream, line);) lines.push_back(nlohmann::json::parse(line));
    return lines;
  }

 private:
  keyfold::testing::TemporaryDirectory directory_;
};

TEST_F(AccessLogTest, Hs5WritesOneObjectALine) {
  open(Mode::kAll)
      ->write({.request_id = "req_1",
               .method = "POST",
               .path = "/v2/keys.getKey",
               .status = 200,
               .duration_us = 12,
               .bytes_in = 3,
               .bytes_out = 4,
               .root_key_id = "rk_1",
               .workspace_id = "ws_1",
               .client_ip = "127.0.0.1",
               .user_agent = "curl"});
  ASSERT_EQ(lines().size(), 1u);
  auto line = lines()[0];
  EXPECT_GT(line["timeMs"].get<std::int64_t>(), 0);
  line.erase("timeMs");
  EXPECT_EQ(line, nlohmann::json::parse(R"({"requestId":"req_1","method":"POST","path":"/v2/keys.getKey","status":200,
      "durationUs":12,"bytesIn":3,"bytesOut":4,"rootKeyId":"rk_1","workspaceId":"ws_1","clientIp":"127.0.0.1",
      "userAgent":"curl"})"));
}

TEST_F(AccessLogTest, LeavesSuccessesOutWhenOnlyErrorsAreWanted) {
  {
    const auto log = open(Mode::kErrors);
    EXPECT_FALSE(log->wants(399));
    EXPECT_TRUE(log->wants(400));
    log->write({.status = 200});
    log->write({.status = 500});
  }
  ASSERT_EQ(lines().size(), 1u);
  EXPECT_EQ(lines()[0]["status"], 500);
}

TEST_F(AccessLogTest, WritesNothingWhenItIsOff) {
  {
    const auto log = open(Mode::kOff);
    EXPECT_FALSE(log->wants(500));
    log->write({.status = 500});
  }
  EXPECT_FALSE(std::filesystem::exists(file()));
}

TEST_F(AccessLogTest, CutsTheClientsIdTo128PrintableBytes) {
  const std::string id = "a\n\"\xff" + std::string(200, 'x');
  open(Mode::kAll)->write({.client_request_id = id, .status = 200});
  EXPECT_EQ(lines()[0]["clientRequestId"], "a?\"?" + std::string(124, 'x'));
}

TEST_F(AccessLogTest, AppendsToAFileThatIsThere) {
  open(Mode::kAll)->write({.status = 200});
  open(Mode::kAll)->write({.status = 201});
  EXPECT_EQ(lines().size(), 2u);
}

TEST_F(AccessLogTest, SaysWhenTheFileCantBeOpened) {
  const auto log = AccessLog::open(Mode::kAll, "/nonexistent/access.log");
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().where, "/nonexistent/access.log");
}

TEST_F(AccessLogTest, WritesOrCountsEveryLineOfManyThreads) {
  constexpr int kThreads = 4;
  constexpr int kLines = 5'000;
  std::uint64_t dropped = 0;
  {
    const auto log = open(Mode::kAll);
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&log] {
        for (int n = 0; n < kLines; ++n) log->write({.path = "/v2/keys.getKey", .status = 200});
      });
    }
    for (auto& thread : threads) thread.join();
    dropped = log->dropped();
  }
  EXPECT_EQ(lines().size() + dropped, static_cast<std::size_t>(kThreads * kLines));
}

TEST(AccessLogOnAFullDisk, CountsWhatItCantWrite) {
  const auto log = AccessLog::open(Mode::kAll, "/dev/full").value();
  log->write({.status = 200});
  while (log->dropped() == 0) std::this_thread::yield();
  EXPECT_EQ(log->dropped(), 1u);
}

}  // namespace
}  // namespace keyfold::api
