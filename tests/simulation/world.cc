// Time, nodes, the broker, the network, and what goes wrong.
#include <algorithm>
#include <cstdlib>
#include <utility>

#include "actors/cluster/outcome_codec.h"
#include "tests/simulation/world_parts.h"
#include "tests/unit/actors/scenario.h"

namespace keyfold::simulation {

using actors::testing::kNow;
using actors::testing::MemoryProjections;
using actors::testing::parse_command;

namespace {

constexpr std::int64_t kAppendTimeoutMs = 400;
constexpr std::int64_t kForwardTimeoutMs = 500;
constexpr std::int64_t kMisfortunesEndMs = 6'000;
constexpr std::int64_t kEndMs = 60'000;

std::string address_of(std::size_t node) { return "node" + std::to_string(node) + ":1"; }

}  // namespace

World::World(std::uint64_t seed) : seed_(seed), random_(seed), clock_(kNow), clients_(kClients) {}
World::~World() = default;

// ---- time and chance

void World::at(std::int64_t delay_ms, std::function<void()> what) {
  agenda_.emplace(std::make_pair(now_ms_ + delay_ms, happened_++), std::move(what));
}

void World::on_node(std::size_t node, std::int64_t delay_ms, std::function<void(Node&)> what) {
  const std::uint64_t life = nodes_[node]->life;
  auto happen = [this, node, life, what = std::move(what)] {
    Node& here = *nodes_[node];
    if (here.is_alive && here.life == life) what(here);
  };
  at(delay_ms, [this, node, happen = std::move(happen)] {
    if (nodes_[node]->is_stopped) {
      nodes_[node]->held_up.push_back(happen);
    } else {
      happen();
    }
  });
}

std::int64_t World::between(std::int64_t low, std::int64_t high) {
  return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
}
bool World::chance(double probability) {
  return !is_calm_ && std::uniform_real_distribution<double>(0, 1)(random_) < probability;
}

// ---- nodes

void World::start_node(std::size_t node) {
  Node& here = *nodes_[node];
  ++here.life;
  here.is_alive = true;
  here.is_stopped = false;
  here.held_up.clear();
  here.append.reset();
  here.ports = std::make_unique<Ports>(*this, node);
  here.log = std::make_unique<ModelLog>(topic_, here.copied);
  here.projections = std::make_unique<MemoryProjections>(0);
  here.counters = std::make_unique<actors::PartitionCounters>();
  here.replica = std::make_unique<actors::PartitionReplica>(
      0, *here.log, *here.projections, clock_, *here.ports, *here.counters,
      actors::ReplicaOptions{{"node" + std::to_string(node), address_of(node)}, 1'500, 2'500});
  read_loop(node);
  tick_loop(node);
  if (assigned_ == node) on_node(node, between(1, 50), [](Node& it) { it.replica->on_assigned(); });
}

void World::kill_node(std::size_t node) {
  Node& here = *nodes_[node];
  if (!here.is_alive) return;
  here.is_alive = false;
  // The copy of the log is not synced: a part of what was read may be read anew.
  here.copied = static_cast<std::size_t>(between(0, static_cast<std::int64_t>(here.log->records_read())));
  here.replica.reset();
  at(between(50, 1'500), [this, node] {
    if (!nodes_[node]->is_alive) start_node(node);
  });
}

void World::read_loop(std::size_t node) {
  on_node(node, between(1, 8), [this, node](Node& here) {
    bool is_grown = false;
    while (!here.is_cut_off) {
      const auto step = here.log->read_next();
      if (!step.has_read) break;
      is_grown = is_grown || step.is_grown;
      // The tail thread tells of growth while the actor still has other things in its mailbox.
      if (is_grown && chance(0.5)) break;
    }
    if (is_grown) here.replica->on_grown();
    settle_append(here);
    read_loop(node);
  });
}

void World::tick_loop(std::size_t node) {
  on_node(node, 50, [this, node](Node& here) {
    here.replica->on_tick();
    tick_loop(node);
  });
}

void World::assign(std::size_t node) {
  const std::size_t before = std::exchange(assigned_, node);
  // A member may hear of its loss long after the next one has been given the partition.
  if (before != node)
    on_node(before, between(0, 600), [this, before](Node& it) {
      if (assigned_ != before) it.replica->on_revoked();
    });
  on_node(node, between(0, 100), [](Node& it) { it.replica->on_assigned(); });
}

// ---- the broker

void World::land(const events::Append& append, std::size_t records) {
  topic_.insert(topic_.end(), append.records.begin(), append.records.begin() + static_cast<std::ptrdiff_t>(records));
}

void World::send_append(std::size_t node, events::Append append) {
  Node& here = *nodes_[node];
  if (here.append) return complain("two appends of a partition at once");
  v1::EventHeader header;
  if (!header.ParseFromString(append.records.back().header)) std::abort();
  here.append = Append{append, events::leaf_hash(append.records.back().header), header.sequence(), header.epoch()};
  if (here.log->tail(0).next != append.first) {
    return on_node(node, 1, [](Node& it) {
      it.append.reset();
      it.replica->on_appended(fail(ErrorCode::kFailedPrecondition, "the records don't extend the tail"));
    });
  }
  const std::size_t all = append.records.size();
  if (here.is_cut_off || chance(0.05)) {
    // Sent or not: some of it may land, after the time-out too.
    const std::size_t some = static_cast<std::size_t>(between(0, static_cast<std::int64_t>(all)));
    at(between(1, 3 * kAppendTimeoutMs), [this, append, some] { land(append, some); });
  } else {
    at(between(1, 20), [this, append, all] { land(append, all); });
  }
  const events::Sequence first = append.first;
  on_node(node, kAppendTimeoutMs, [first](Node& it) {
    if (!it.append || it.append->append.first != first) return;
    it.append.reset();
    it.replica->on_appended(fail(ErrorCode::kUnknownOutcome, "the broker did not answer"));
  });
}

/// What the log's own tail tells about the append under way.
void World::settle_append(Node& here) {
  if (!here.append) return;
  const Append& mine = *here.append;
  const events::ChainState tail = here.log->tail(0);
  bool is_accepted = false;
  if (tail.next > mine.last) {
    is_accepted = events::leaf_hash(here.log->accepted()[mine.last].header) == mine.last_hash;
  } else if (tail.epoch <= mine.epoch) {
    return;
  }
  here.append.reset();
  here.replica->on_appended(is_accepted ? Status() : fail(ErrorCode::kFailedPrecondition, "another writer took over"));
}

// ---- the network between nodes

void World::forward(std::size_t from, std::uint64_t number, const std::string& address, const v1::Command& command) {
  using Kind = actors::ForwardReply::Kind;
  const auto is_answered = std::make_shared<bool>(false);
  const auto reply = [this, from, number, is_answered](std::int64_t delay_ms, actors::ForwardReply what) {
    on_node(from, delay_ms, [number, is_answered, what = std::move(what)](Node& it) {
      if (std::exchange(*is_answered, true)) return;
      it.replica->on_forwarded(number, what);
    });
  };
  std::size_t to = kNodes;
  for (std::size_t node = 0; node < kNodes; ++node) {
    if (address_of(node) == address) to = node;
  }
  if (to == kNodes) return complain("a command was forwarded to " + address);
  if (!nodes_[to]->is_alive || chance(0.03)) return reply(between(1, 20), {Kind::kNotSent, {}});
  reply(kForwardTimeoutMs, {Kind::kLost, {}});
  if (chance(0.03)) return;  // the request is lost
  const bool loses_reply = chance(0.03);
  on_node(to, between(1, 10), [this, to, command, reply, loses_reply](Node& it) {
    it.counters->in_flight.fetch_add(1);
    it.replica->submit(command,
                       std::make_unique<Sink>(actors::OutcomeSink::Origin::kPeer,
                                              [this, to, reply, loses_reply](const actors::Outcome& outcome) {
                                                if (loses_reply) return;
                                                reply(between(1, 10), {Kind::kAnswered, actors::to_forwarded(outcome)});
                                              }));
  });
}

// ---- what goes wrong

void World::misfortune() {
  if (is_calm_) return;
  const auto node = static_cast<std::size_t>(between(0, kNodes - 1));
  Node& here = *nodes_[node];
  switch (between(0, 5)) {
    case 0:
      kill_node(node);
      break;
    case 1:
      here.is_stopped = here.is_alive;
      at(between(10, 2'000), [this, node] {
        Node& it = *nodes_[node];
        it.is_stopped = false;
        for (auto& what : std::exchange(it.held_up, {})) what();
      });
      break;
    case 2:
      here.is_cut_off = true;
      at(between(10, 2'000), [this, node] { nodes_[node]->is_cut_off = false; });
      break;
    case 3:
      // Both think that they own it.
      on_node(node, 0, [](Node& it) { it.replica->on_assigned(); });
      break;
    default:
      assign(node);
  }
  at(between(20, 700), [this] { misfortune(); });
}

void World::heal() {
  is_calm_ = true;
  for (std::size_t node = 0; node < kNodes; ++node) {
    Node& here = *nodes_[node];
    here.is_cut_off = false;
    if (here.is_stopped) {
      here.is_stopped = false;
      for (auto& what : std::exchange(here.held_up, {})) what();
    }
    if (!here.is_alive) start_node(node);
    if (node != assigned_) on_node(node, 0, [](Node& it) { it.replica->on_revoked(); });
  }
  assign(assigned_);
}

std::string World::run() {
  for (std::size_t node = 0; node < kNodes; ++node) nodes_.push_back(std::make_unique<Node>());
  for (std::size_t node = 0; node < kNodes; ++node) start_node(node);
  // The key that everybody spends of, by the first owner.
  is_calm_ = true;
  at(200, [this] {
    on_node(0, 0, [](Node& it) {
      for (const std::string text :
           {"create_workspace { workspace_id: 'ws_1' }", "create_api { api_id: 'api_1' keyspace_id: 'ks_1' }",
            "create_key { key_id: 'key_1' api_id: 'api_1' hash: 'h1' enabled: true "
            "credits_remaining: 1000000 }"}) {
        it.counters->in_flight.fetch_add(1);
        it.replica->submit(parse_command(text), std::make_unique<Sink>(actors::OutcomeSink::Origin::kClient,
                                                                       [](const actors::Outcome& made) {
                                                                         if (!made) std::abort();
                                                                       }));
      }
    });
  });
  at(500, [this] {
    is_calm_ = false;
    for (std::size_t client = 0; client < kClients; ++client) submit(client);
    misfortune();
  });
  at(500 + kMisfortunesEndMs, [this] { heal(); });
  while (!agenda_.empty() && complaint_.empty()) {
    auto next = agenda_.extract(agenda_.begin());
    if (next.key().first > kEndMs) break;
    clock_.advance_ms(next.key().first - now_ms_);
    now_ms_ = next.key().first;
    next.mapped()();
    const bool is_done = is_calm_ && now_ms_ > 500 + kMisfortunesEndMs + 5'000 &&
                         std::all_of(clients_.begin(), clients_.end(),
                                     [](const Client& client) { return client.command >= kCommandsOfAClient; });
    if (is_done && now_ms_ > 500 + kMisfortunesEndMs + 15'000) break;
  }
  if (complaint_.empty()) check_end();
  return complaint_;
}

}  // namespace keyfold::simulation
