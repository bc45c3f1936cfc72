#include "projections/command.h"

#include "projections/big_endian.h"
#include "tests/unit/projections/projector_fixture.h"

namespace keyfold::projections::testing {
namespace {

class CommandProjector : public ProjectorTest {
 protected:
  /// Records a command whose answer is kept until `expires_at_ms`.
  void given_command(const std::string& hash, std::int64_t expires_at_ms, std::int64_t time_ms) {
    given("command_recorded { key_hash: '" + hash + "' request_hash: 'R" + hash +
              "' answer { data_json: '{}' } expires_at_ms: " + std::to_string(expires_at_ms) + " }",
          time_ms);
  }
  /// The hashes of the commands that are kept.
  [[nodiscard]] Keys kept() const {
    Keys hashes;
    for (const std::string& key : keys(Table::kCommands)) {
      if (key.starts_with("c/")) hashes.insert(key.substr(2));
    }
    return hashes;
  }
  [[nodiscard]] std::size_t queued() const {
    return keys(Table::kCommands).size() - kept().size() - 1 - keys(Table::kCommands).count("q/head");
  }
};

TEST_F(CommandProjector, KeepsTheAnswerAndItsPlaceInTheLog) {
  given_command("A", kNowMs + 100, kNowMs);
  expect_row(find_command(rows_, "A"), R"(request_hash: 'RA' answer { data_json: '{}' } expires_at_ms: 1700000000100
                                          sequence: 1)");
  EXPECT_EQ(rows_.get(Table::kCommands, "q/tail"), to_big_endian(1, 8));
  EXPECT_EQ(rows_.get(Table::kCommands, "q/" + to_big_endian(0, 8)), to_big_endian(kNowMs + 100, 8) + "A");
}

TEST_F(CommandProjector, ForgetsAnAnswerOnceALaterCommandComesAfterItsExpiry) {
  given_command("A", kNowMs + 100, kNowMs);
  given_command("B", kNowMs + 300, kNowMs + 100);
  EXPECT_EQ(kept(), (Keys{"A", "B"}));
  given_command("C", kNowMs + 300, kNowMs + 101);
  EXPECT_EQ(kept(), (Keys{"B", "C"}));
  EXPECT_EQ(queued(), 2u);
}

TEST_F(CommandProjector, ForgetsAtMostFourAnswersPerCommand) {
  for (char c = 'a'; c < 'a' + 10; ++c) given_command(std::string(1, c), kNowMs + 1, kNowMs);
  given_command("X", kNowMs + 1'000, kNowMs + 2);
  EXPECT_EQ(kept(), (Keys{"X", "e", "f", "g", "h", "i", "j"}));
  given_command("Y", kNowMs + 1'000, kNowMs + 2);
  given_command("Z", kNowMs + 1'000, kNowMs + 2);
  EXPECT_EQ(kept(), (Keys{"X", "Y", "Z"}));
  EXPECT_EQ(queued(), 3u);
}

TEST_F(CommandProjector, KeepsTheNewAnswerOfAnIdempotencyKeyThatIsUsedAgainAfterItsExpiry) {
  given_command("A", kNowMs + 100, kNowMs);
  given_command("A", kNowMs + 900, kNowMs + 200);
  given_command("B", kNowMs + 900, kNowMs + 201);
  EXPECT_EQ(kept(), (Keys{"A", "B"}));
  EXPECT_EQ(find_command(rows_, "A")->expires_at_ms(), kNowMs + 900);
  EXPECT_EQ(queued(), 2u);
}

}  // namespace
}  // namespace keyfold::projections::testing
