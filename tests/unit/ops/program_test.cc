#include "ops/cli/program.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>
#include <vector>

namespace keyfold::ops {
namespace {

struct Ended {
  int code = 0;
  std::string out;
  std::string err;
};

Ended run(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "keyfold");
  std::ostringstream out;
  std::ostringstream err;
  const int code = run_program(static_cast<int>(arguments.size()), arguments.data(), out, err);
  return {code, out.str(), err.str()};
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(Program, PrintsItsVersion) {
  const Ended result = run({"version"});
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.out.find("keyfold "), 0u);
}

TEST(Program, HelpNamesEveryCommand) {
  const Ended result = run({"--help"});
  EXPECT_EQ(result.code, 0);
  for (const char* command :
       {"serve", "bootstrap", "events", "log", "digest", "replay", "vault", "workspace", "root-key"}) {
    EXPECT_TRUE(contains(result.out, command)) << command;
  }
}

TEST(Program, RefusesToRunWithoutACommand) { EXPECT_EQ(run({}).code, 2); }

TEST(Program, RefusesAnUnknownCommand) { EXPECT_EQ(run({"server"}).code, 2); }

TEST(Program, RefusesAnUnknownOption) {
  const Ended result = run({"serve", "--prot", "1"});
  EXPECT_EQ(result.code, 2);
  EXPECT_TRUE(contains(result.err, "--prot")) << result.err;
}

TEST(Program, RefusesAPortOutOfRange) { EXPECT_EQ(run({"serve", "--port", "65536"}).code, 2); }

TEST(Program, RefusesAPortThatIsNoNumber) { EXPECT_EQ(run({"serve", "--port", "http"}).code, 2); }

TEST(Program, RefusesAnUnknownLogLevel) { EXPECT_EQ(run({"serve", "--log-level", "loud"}).code, 2); }

TEST(Program, TailNeedsToKnowWhereToBegin) {
  const Ended result = run({"events", "tail"});
  EXPECT_EQ(result.code, 2);
  EXPECT_TRUE(contains(result.err, "--from")) << result.err;
}

TEST(Program, TailRefusesANegativeSequence) { EXPECT_EQ(run({"events", "tail", "--from", "-1"}).code, 2); }

TEST(Program, ReplayNeedsADirectory) { EXPECT_EQ(run({"replay"}).code, 2); }

TEST(Program, ClientCommandsNeedAServer) {
  const Ended result = run({"workspace", "list", "--root-key", "unkey_x"});
  EXPECT_EQ(result.code, 2);
  EXPECT_TRUE(contains(result.err, "--server")) << result.err;
}

TEST(Program, ClientCommandsNeedARootKey) {
  const Ended result = run({"root-key", "list", "--server", "http://127.0.0.1:1"});
  EXPECT_EQ(result.code, 2);
  EXPECT_TRUE(contains(result.err, "--root-key")) << result.err;
}

TEST(Program, ArgumentsWinOverTheEnvironment) {
  ::setenv("KEYFOLD_SERVER", "http://127.0.0.1:2", 1);
  ::setenv("KEYFOLD_ROOT_KEY", "unkey_x", 1);
  const Ended from_environment = run({"root-key", "list"});
  const Ended from_arguments = run({"root-key", "list", "--server", "http://127.0.0.1:1"});
  ::unsetenv("KEYFOLD_SERVER");
  ::unsetenv("KEYFOLD_ROOT_KEY");
  EXPECT_TRUE(contains(from_environment.err, "http://127.0.0.1:2")) << from_environment.err;
  EXPECT_TRUE(contains(from_arguments.err, "http://127.0.0.1:1)")) << from_arguments.err;
}

TEST(Program, RevokeNeedsAnId) {
  EXPECT_EQ(run({"root-key", "revoke", "--server", "http://127.0.0.1:1", "--root-key", "unkey_x"}).code, 2);
}

TEST(Program, FailsWhenTheServerIsAway) {
  const Ended result = run({"workspace", "list", "--server", "http://127.0.0.1:1", "--root-key", "unkey_secret"});
  EXPECT_EQ(result.code, 1);
  EXPECT_TRUE(contains(result.err, "the server does not answer")) << result.err;
  EXPECT_FALSE(contains(result.err, "unkey_secret")) << "an error must not show the root key";
}

TEST(Program, FailsWhenTheServersUrlIsNone) {
  const Ended result = run({"workspace", "list", "--server", "ftp:/x", "--root-key", "unkey_x"});
  EXPECT_EQ(result.code, 1);
  EXPECT_TRUE(contains(result.err, "not a server's URL")) << result.err;
}

TEST(Program, FailsWhenTheConfigurationIsMissing) {
  const Ended result = run({"digest", "--config", "/nonexistent/keyfold.toml"});
  EXPECT_EQ(result.code, 1);
  EXPECT_TRUE(contains(result.err, "/nonexistent/keyfold.toml")) << result.err;
}

}  // namespace
}  // namespace keyfold::ops
