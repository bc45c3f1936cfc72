#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "actors/cluster/partition_replica.h"
#include "tests/simulation/model_log.h"
#include "tests/unit/actors/memory_projections.h"

namespace keyfold::simulation {

/// A cluster of a few nodes with one partition, its clients, and everything that can go wrong between them, as one
/// queue of things that happen at simulated times. Everything but event ids follows from the seed.
class World {
 public:
  explicit World(std::uint64_t seed);
  ~World();

  /// Lives through a schedule of failures, heals, and checks what must hold; tells what does not, or nothing.
  [[nodiscard]] std::string run();

 private:
  struct Node;
  struct Client;
  class Ports;
  class Sink;
  friend class Ports;
  friend class Sink;

  /// An append on its way: what has been decided about its fate, and how its node learns of it.
  struct Append {
    events::Append append;
    Digest last_hash{};
    events::Sequence last = 0;
    std::uint64_t epoch = 0;
  };

  void at(std::int64_t delay_ms, std::function<void()> what);
  /// The same, but what happens on a node waits while that node stands still, and is dropped with it.
  void on_node(std::size_t node, std::int64_t delay_ms, std::function<void(Node&)> what);
  [[nodiscard]] std::int64_t between(std::int64_t low, std::int64_t high);
  [[nodiscard]] bool chance(double probability);

  void start_node(std::size_t node);
  void kill_node(std::size_t node);
  void read_loop(std::size_t node);
  void tick_loop(std::size_t node);
  void assign(std::size_t node);
  void send_append(std::size_t node, events::Append append);
  void land(const events::Append& append, std::size_t records);
  void settle_append(Node& node);
  void forward(std::size_t from, std::uint64_t number, const std::string& address, const v1::Command& command);
  void submit(std::size_t client);
  void on_answer(std::size_t client, std::uint64_t attempt, const actors::Outcome& outcome, std::size_t node);
  void misfortune();
  void heal();

  void complain(const std::string& what);
  void check_end();

  const std::uint64_t seed_;
  std::mt19937_64 random_;
  ManualClock clock_;
  std::int64_t now_ms_ = 0;
  std::uint64_t happened_ = 0;
  std::map<std::pair<std::int64_t, std::uint64_t>, std::function<void()>> agenda_;
  Topic topic_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<Client> clients_;
  std::size_t assigned_ = 0;
  bool is_calm_ = false;  // nothing fails any more
  std::string complaint_;
};

}  // namespace keyfold::simulation
