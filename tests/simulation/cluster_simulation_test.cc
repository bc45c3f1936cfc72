#include <gtest/gtest.h>

#include <cstdlib>

#include "schemas/base/reached.h"
#include "tests/simulation/world.h"

namespace keyfold::simulation {
namespace {

std::uint64_t number_of(const char* variable, std::uint64_t fallback) {
  const char* text = std::getenv(variable);
  return text == nullptr ? fallback : std::strtoull(text, nullptr, 10);
}

TEST(ClusterSimulation, NothingAcknowledgedIsLostAndNothingIsDoneTwiceWhateverFails) {
  const std::uint64_t first = number_of("KEYFOLD_SIMULATION_SEED", 1);
  const std::uint64_t schedules =
      number_of("KEYFOLD_SIMULATION_SCHEDULES", std::getenv("KEYFOLD_SIMULATION_SEED") != nullptr ? 1 : 2'000);
  for (std::uint64_t seed = first; seed < first + schedules; ++seed) {
    const std::string complaint = World(seed).run();
    ASSERT_TRUE(complaint.empty()) << complaint << "; repeat it with KEYFOLD_SIMULATION_SEED=" << seed;
  }
#ifdef KEYFOLD_FAULT_POINTS
  if (schedules < 1'000) return;
  const auto reached = reached_counts();
  for (const char* situation :
       {"a forwarded command is offered again", "a forwarded command's outcome is unknown",
        "an owner lets its partition go", "an owner was followed at once by another one",
        "a partition could not be opened", "an owner's append was not accepted", "an owner sees another one on the log",
        "a command of an epoch that is over turned out accepted", "a command of an epoch that is over turned out void",
        "the log did not tell in time about a command", "no owner was found in time"}) {
    EXPECT_GT(reached.contains(situation) ? reached.at(situation) : 0, 0u) << "never reached: " << situation;
  }
#endif
}

}  // namespace
}  // namespace keyfold::simulation
