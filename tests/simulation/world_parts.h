#pragma once

#include <optional>
#include <string>
#include <utility>

#include "tests/simulation/world.h"

// What the world is made of; private to its sources.
namespace keyfold::simulation {

inline constexpr std::size_t kNodes = 3;
inline constexpr std::size_t kClients = 4;
inline constexpr int kCommandsOfAClient = 12;
inline constexpr std::int64_t kCredits = 1'000'000;

/// What clients know: one command at a time, repeated until it has a definite answer.
struct World::Client {
  int command = 0;               // number of the current one
  std::uint64_t attempt = 0;     // of all its requests
  bool has_idempotency = false;  // of the current command
  bool may_have_happened = false;
  struct Done {
    std::string request_prefix;
    bool is_accepted = false;   // exactly one event
    bool is_uncertain = false;  // none or one
  };
  std::vector<Done> done;
  std::map<std::uint64_t, int> answers;  // by attempt
};

class World::Ports final : public actors::ReplicaPorts {
 public:
  Ports(World& world, std::size_t node) : world_(world), node_(node) {}
  void append(events::Append append) override { world_.send_append(node_, std::move(append)); }
  void forward(std::uint64_t number, const std::string& address, const v1::Command& command) override {
    world_.forward(node_, number, address, command);
  }
  [[nodiscard]] std::int64_t now_ms() const override { return world_.now_ms_; }

 private:
  World& world_;
  const std::size_t node_;
};

struct World::Node {
  std::uint64_t life = 0;  // grows with every start, so that what was meant for an earlier one is noticed
  bool is_alive = false;
  bool is_stopped = false;  // as by SIGSTOP: nothing happens on it, everything waits
  bool is_cut_off = false;  // from the broker
  std::size_t copied = 0;   // records of the topic that its copy keeps over a crash
  std::vector<std::function<void()>> held_up;
  std::unique_ptr<Ports> ports;
  std::unique_ptr<ModelLog> log;
  std::unique_ptr<actors::testing::MemoryProjections> projections;
  std::unique_ptr<actors::PartitionCounters> counters;
  std::unique_ptr<actors::PartitionReplica> replica;
  std::optional<Append> append;
};

/// Hands the answer to the client, or to the node that forwarded the command.
class World::Sink final : public actors::OutcomeSink {
 public:
  using Done = std::function<void(actors::Outcome)>;
  Sink(Origin origin, Done done) : origin_(origin), done_(std::move(done)) {}
  void complete(actors::Outcome outcome) override { done_(std::move(outcome)); }
  [[nodiscard]] Origin origin() const override { return origin_; }

 private:
  const Origin origin_;
  const Done done_;
};

}  // namespace keyfold::simulation
