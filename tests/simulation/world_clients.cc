// The world's clients, and what must hold in the end.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "projections/key.h"
#include "tests/simulation/world_parts.h"
#include "tests/unit/actors/scenario.h"

namespace keyfold::simulation {

using actors::testing::kNow;
using actors::testing::parse_command;

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

}  // namespace keyfold::simulation
