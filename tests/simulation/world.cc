#include "tests/simulation/world.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "actors/cluster/outcome_codec.h"
#include "projections/key.h"
#include "tests/unit/actors/scenario.h"

namespace keyfold::simulation {

using actors::testing::kNow;
using actors::testing::MemoryProjections;
using actors::testing::parse_command;

namespace {

constexpr std::size_t kNodes = 3;
constexpr std::size_t kClients = 4;
constexpr int kCommandsOfAClient = 12;
constexpr std::int64_t kAppendTimeoutMs = 400;
constexpr std::int64_t kForwardTimeoutMs = 500;
constexpr std::int64_t kMisfortunesEndMs = 6'000;
constexpr std::int64_t kEndMs = 60'000;
constexpr std::int64_t kCredits = 1'000'000;

std::string address_of(std::size_t node) { return "node" + std::to_string(node) + ":1"; }

}  // namespace

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
  std::unique_ptr<MemoryProjections> projections;
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
  here.append =
      Append{append, events::leaf_hash(append.records.back().header), header.sequence(), header.epoch(), false};
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

// ---- clients

void World::submit(std::size_t number) {
  Client& client = clients_[number];
  std::vector<std::size_t> alive;
  for (std::size_t node = 0; node < kNodes; ++node) {
    if (nodes_[node]->is_alive) alive.push_back(node);
  }
  if (alive.empty()) return at(50, [this, number] { submit(number); });
  const std::size_t to = alive[static_cast<std::size_t>(between(0, static_cast<std::int64_t>(alive.size()) - 1))];
  const std::uint64_t attempt = ++client.attempt;
  const std::string name = "client" + std::to_string(number) + "/" + std::to_string(client.command);
  v1::Command command = parse_command("spend_credits { key_id: 'key_1' cost: 1 }");
  command.set_time_ms(clock_.now_ms());
  command.set_request_id(name + "/" + std::to_string(attempt));
  if (client.has_idempotency) {
    command.mutable_idempotency()->set_key_hash(name);
    command.mutable_idempotency()->set_request_hash("spend");
    command.mutable_idempotency()->set_expires_at_ms(kNow + 1'000'000'000);
  }
  // A client gives up waiting when its node has died.
  at(5'000, [this, number, attempt] {
    Client& it = clients_[number];
    if (it.attempt != attempt || it.answers.contains(attempt)) return;
    on_answer(number, attempt, tl::unexpected(actors::unknown_outcome()), kNodes);
  });
  on_node(to, between(0, 5), [this, to, number, attempt, command](Node& it) {
    it.counters->in_flight.fetch_add(1);
    it.replica->submit(command, std::make_unique<Sink>(actors::OutcomeSink::Origin::kClient,
                                                       [this, to, number, attempt](const actors::Outcome& outcome) {
                                                         if (++clients_[number].answers[attempt] > 1) {
                                                           return complain("a command was answered twice");
                                                         }
                                                         if (clients_[number].attempt == attempt) {
                                                           on_answer(number, attempt, outcome, to);
                                                         }
                                                       }));
  });
}

void World::on_answer(std::size_t number, std::uint64_t attempt, const actors::Outcome& outcome, std::size_t node) {
  Client& client = clients_[number];
  const std::string name = "client" + std::to_string(number) + "/" + std::to_string(client.command);
  const auto begin_next = [&] {
    ++client.command;
    ++client.attempt;  // late answers to the one before count no more
    client.has_idempotency = between(0, 2) > 0;
    if (client.command < kCommandsOfAClient) at(between(0, 400), [this, number] { submit(number); });
  };
  if (outcome) {
    if (node < kNodes && nodes_[node]->projections->next(0) <= outcome->position.sequence) {
      complain("a command was answered before it was applied where it was answered");
    }
    client.done.push_back({client.has_idempotency ? name + "/" : name + "/" + std::to_string(attempt), true, false});
    return begin_next();
  }
  const auto code = outcome.error().code;
  using enum actors::RejectionCode;
  if (code != kNotOwner && code != kUnknownOutcome && code != kOverloaded) {
    return complain("a command was rejected: " + outcome.error().detail);
  }
  if (!client.has_idempotency) {
    const bool is_uncertain = code == kUnknownOutcome;
    client.done.push_back({name + "/" + std::to_string(attempt), false, is_uncertain});
    return begin_next();
  }
  at(between(1, 100), [this, number] { submit(number); });
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

// ---- what must hold

void World::complain(const std::string& what) {
  if (complaint_.empty()) complaint_ = what + " (at " + std::to_string(now_ms_) + " ms)";
}

void World::check_end() {
  for (std::size_t number = 0; number < clients_.size(); ++number) {
    if (clients_[number].command < kCommandsOfAClient) {
      complain("client " + std::to_string(number) + " stands at command " + std::to_string(clients_[number].command));
    }
  }
  ModelLog reader(topic_, topic_.size());
  actors::testing::MemoryRows rows;
  std::vector<std::string> spent;  // request ids
  std::set<std::string> recorded;
  for (const events::Record& record : reader.accepted()) {
    events::Event event;
    if (!events::decode({record.header, record.payload}, event)) return complain("an accepted record is damaged");
    rows.fold(event);
    if (event.payload.has_key_credits_spent()) spent.push_back(event.header.request_id());
    if (event.payload.has_command_recorded() && !recorded.insert(event.payload.command_recorded().key_hash()).second) {
      complain("a command with an idempotency key was recorded twice");
    }
  }
  for (const auto& node : nodes_) {
    if (node->log->tail(0).last_hash != reader.tail(0).last_hash) complain("a node's log differs");
    if (node->projections->rows_.all() != rows.all()) complain("a node's rows are not what a replay gives");
    if (node->counters->in_flight != 0) complain("a command was never answered");
    if (node->replica->status().waiting != 0) complain("a replica still waits for something");
    if (!node->replica->status().failure.empty()) complain("a replica failed: " + node->replica->status().failure);
  }
  for (const Client& client : clients_) {
    for (const Client::Done& done : client.done) {
      const auto events = std::count_if(spent.begin(), spent.end(), [&](const std::string& request_id) {
        return done.request_prefix.ends_with('/') ? request_id.starts_with(done.request_prefix)
                                                  : request_id == done.request_prefix;
      });
      if (done.is_accepted && events != 1) {
        complain(done.request_prefix + " was accepted and has " + std::to_string(events) + " events");
      }
      if (!done.is_accepted && events > (done.is_uncertain ? 1 : 0)) {
        complain(done.request_prefix + " was not accepted and has " + std::to_string(events) + " events");
      }
    }
  }
  const auto key = projections::find_key(rows, "key_1");
  if (!key || key->credits_remaining() != kCredits - static_cast<std::int64_t>(spent.size())) {
    complain("the credits are not what was spent");
  }
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
