#include <rapidcheck.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "actors/aggregates/answer_json.h"
#include "projections/role.h"
#include "schemas/base/encoding.h"
#include "tests/unit/actors/scenario.h"

namespace keyfold::actors::testing {
namespace {

using Slugs = std::set<std::string>;

/// What a workspace's permissions, and those of one key and one role, must be: slugs in lower case.
struct Model {
  Slugs existing;
  std::map<std::string, Slugs> held = {{"key", {}}, {"role", {}}};
};

constexpr int kSlugs = 5;

/// One of few slugs, in any letter case.
std::string any_slug() {
  const std::string slug = "slug" + std::to_string(*rc::gen::inRange(0, kSlugs));
  return *rc::gen::arbitrary<bool>() ? slug : "SLUG" + slug.substr(4);
}

v1::Reference reference_to(const std::string& slug, int step, int n) {
  v1::Reference made;
  made.set_name(slug);
  made.set_candidate_id("perm_" + std::to_string(step) + "_" + std::to_string(n));
  return made;
}

struct Change {
  v1::Command command;
  std::string of;  // "key" or "role"
  v1::SetOperation operation = v1::REPLACE;
  bool may_create = false;
  Slugs named;
};

Change any_change(int step) {
  Change change;
  change.command.set_workspace_id("ws_1");
  change.of = *rc::gen::element<std::string>("key", "role");
  change.may_create = *rc::gen::arbitrary<bool>();
  google::protobuf::RepeatedPtrField<v1::Reference>* references = nullptr;
  if (change.of == "key") {
    change.operation = *rc::gen::element(v1::ADD, v1::REMOVE, v1::REPLACE);
    auto& command = *change.command.mutable_change_key_permissions();
    command.set_key_id("key_1");
    command.set_operation(change.operation);
    command.set_may_create(change.may_create);
    references = command.mutable_permissions();
  } else {
    auto& command = *change.command.mutable_set_role_permissions();
    command.set_role_id("role_1");
    command.set_may_create(change.may_create);
    references = command.mutable_permissions();
  }
  for (int n = *rc::gen::inRange(0, 4); n > 0; --n) {
    const std::string slug = any_slug();
    change.named.insert(to_lower(slug));
    *references->Add() = reference_to(slug, step, n);
  }
  return change;
}

/// The model after an accepted change; false when it must be refused.
bool change_model(Model& model, const Change& change) {
  for (const std::string& slug : change.named) {
    if (model.existing.contains(slug)) continue;
    if (change.operation == v1::REMOVE || !change.may_create) return false;
  }
  model.existing.insert(change.named.begin(), change.named.end());
  Slugs& held = model.held[change.of];
  if (change.operation == v1::REPLACE) held.clear();
  for (const std::string& slug : change.named) {
    if (change.operation == v1::REMOVE) {
      held.erase(slug);
    } else {
      held.insert(slug);
    }
  }
  return true;
}

Decided run(MemoryRows& rows, const v1::Command& command) {
  Decided decided = decide(command, kNow, rows);
  if (!decided) return decided;
  for (const PlannedEvent& planned : decided->events) {
    events::Event event;
    event.header.set_workspace_id("ws_1");
    event.payload = planned.payload;
    rows.fold(event);
  }
  return decided;
}

/// The slugs that an answer lists, in lower case; fails for one that is listed twice.
Slugs listed(const std::string& data_json) {
  Slugs slugs;
  for (const auto& permission : nlohmann::json::parse(data_json)) {
    RC_ASSERT(slugs.insert(to_lower(permission.at("slug").get<std::string>())).second);
  }
  return slugs;
}

/// What the key or role has; of a key it is asked by a change that changes nothing.
Slugs held_now(const MemoryRows& rows, const std::string& of) {
  if (of == "role") {
    const auto role = projections::find_role(rows, "role_1");
    return listed(permissions_json(role->permission_ids(), rows).dump());
  }
  const Decided asked = decide(parse_command("change_key_permissions { key_id: 'key_1' operation: ADD }"), kNow, rows);
  RC_ASSERT((asked.has_value() && asked->events.empty()));
  return listed(asked->data_json);
}

TEST(Permissions, AreWhatTheChangesSayAndNothingComesBackToLife) {
  const MemoryRows furnished =
      given({"workspace_created { workspace_id: 'ws_1' name: 'one' }",
             "api_created { api_id: 'api_1' name: 'payments' keyspace_id: 'ks_1' }",
             "keyspace_created { keyspace_id: 'ks_1' api_id: 'api_1' }", "role_created { role_id: 'role_1' name: 'r' }",
             "key_created { key_id: 'key_1' api_id: 'api_1' keyspace_id: 'ks_1' hash: 'h1' enabled: true }"})
          .rows();
  EXPECT_TRUE(rc::check([&] {
    MemoryRows rows = furnished;
    Model model;
    const int steps = *rc::gen::inRange(1, 60);
    for (int step = 0; step < steps; ++step) {
      if (*rc::gen::inRange(0, 4) == 0) {
        v1::Command command;
        command.set_workspace_id("ws_1");
        const std::string slug = any_slug();
        command.mutable_delete_permission()->set_permission(slug);
        RC_ASSERT(run(rows, command).has_value() == (model.existing.erase(to_lower(slug)) == 1));
        for (auto& [of, held] : model.held) held.erase(to_lower(slug));
      } else {
        const Change change = any_change(step);
        const Model before = model;
        const Decided decided = run(rows, change.command);
        RC_ASSERT(decided.has_value() == change_model(model, change));
        if (decided) {
          RC_ASSERT(listed(decided->data_json) == model.held[change.of]);
          const bool changes_nothing = model.held == before.held && model.existing == before.existing;
          RC_ASSERT(decided->events.empty() == changes_nothing);
        }
      }
      for (const auto& [of, held] : model.held) RC_ASSERT(held_now(rows, of) == held);
    }
    expect_sound(rows);
    RC_ASSERT(!::testing::Test::HasFailure());
  }));
}

}  // namespace
}  // namespace keyfold::actors::testing
