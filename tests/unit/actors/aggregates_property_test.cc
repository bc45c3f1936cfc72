#include <rapidcheck.h>

#include <optional>

#include "projections/key.h"
#include "projections/rows.pb.h"
#include "tests/unit/actors/scenario.h"

namespace keyfold::actors::testing {
namespace {

std::string pick(const std::string& prefix, int count) { return prefix + std::to_string(*rc::gen::inRange(0, count)); }

v1::Reference reference(const std::string& kind, int step, int n) {
  v1::Reference made;
  made.set_name(pick(kind, 4));
  made.set_candidate_id(kind + "_" + std::to_string(step) + "_" + std::to_string(n));
  return made;
}

void fill(v1::CreateKey& create, int step) {
  create.set_key_id(pick("key_", 6));
  create.set_api_id(pick("api_", 3));
  create.set_hash(pick("hash_", 8));
  create.set_enabled(*rc::gen::arbitrary<bool>());
  if (*rc::gen::arbitrary<bool>()) create.set_credits_remaining(*rc::gen::inRange(0, 20));
  if (*rc::gen::arbitrary<bool>()) *create.mutable_identity() = reference("user", step, 0);
  for (int n = *rc::gen::inRange(0, 3); n > 0; --n) *create.add_permissions() = reference("perm", step, n);
  if (*rc::gen::inRange(0, 4) == 0) create.add_roles(pick("role", 4));
}

void fill(v1::UpdateKey& update, int step) {
  update.set_key_id(pick("key_", 6));
  switch (*rc::gen::inRange(0, 6)) {
    case 0:
      update.set_enabled(*rc::gen::arbitrary<bool>());
      break;
    case 1:
      update.mutable_credits()->set_remaining(*rc::gen::inRange(0, 20));
      break;
    case 2:
      update.mutable_credits();
      break;
    case 3:
      *update.mutable_link_identity() = reference("user", step, 0);
      break;
    case 4:
      update.set_unlink_identity(true);
      break;
    default:
      *update.mutable_permissions()->add_items() = reference("perm", step, 1);
      update.mutable_roles()->add_names(pick("role", 4));
  }
}

void fill(v1::ChangeKeyPermissions& change, int step) {
  change.set_key_id(pick("key_", 6));
  change.set_operation(static_cast<v1::SetOperation>(*rc::gen::inRange(1, 4)));
  change.set_may_create(*rc::gen::arbitrary<bool>());
  for (int n = *rc::gen::inRange(0, 4); n > 0; --n) *change.add_permissions() = reference("perm", step, n);
}

/// One change of permissions or roles.
void change_grants(v1::Command& command, int step) {
  switch (*rc::gen::inRange(0, 5)) {
    case 0:
      command.mutable_delete_permission()->set_permission(pick("perm", 4));
      break;
    case 1:
      command.mutable_delete_role()->set_role(pick("role", 4));
      break;
    case 2:
      command.mutable_change_key_roles()->set_key_id(pick("key_", 6));
      command.mutable_change_key_roles()->set_operation(static_cast<v1::SetOperation>(*rc::gen::inRange(1, 4)));
      command.mutable_change_key_roles()->add_names(pick("role", 4));
      break;
    case 3:
      command.mutable_set_role_permissions()->set_role_id(*rc::gen::element<std::string>("role_a", "role_1", "role_2"));
      command.mutable_set_role_permissions()->set_may_create(*rc::gen::arbitrary<bool>());
      *command.mutable_set_role_permissions()->add_permissions() = reference("perm", step, 1);
      break;
    default:
      fill(*command.mutable_change_key_permissions(), step);
  }
}

v1::Ratelimit ratelimit(int step) {
  v1::Ratelimit made;
  made.set_ratelimit_id("rl_" + std::to_string(step));
  made.set_name(pick("limit", 3));
  made.set_limit(*rc::gen::inRange(1, 4));
  return made;
}

/// Of an identity with one of the first ids that commands may have given out.
void fill_identity(v1::Command& command, int step) {
  const std::string id = pick("user_", 20) + "_0";
  switch (*rc::gen::inRange(0, 3)) {
    case 0:
      command.mutable_create_identity()->set_identity_id("user_" + std::to_string(step) + "_0");
      command.mutable_create_identity()->set_external_id(pick("user", 4));
      *command.mutable_create_identity()->add_ratelimits() = ratelimit(step);
      break;
    case 1:
      command.mutable_update_identity()->set_identity_id(id);
      command.mutable_update_identity()->mutable_meta_json()->set_value(pick("{}", 2));
      *command.mutable_update_identity()->mutable_ratelimits()->add_items() = ratelimit(step);
      break;
    default:
      command.mutable_delete_identity()->set_identity_id(id);
  }
}

void fill(v1::RerollKey& reroll, int step) {
  reroll.set_key_id(pick("key_", 6));
  reroll.set_new_key_id(pick("key_", 6));
  reroll.set_hash(pick("hash_", 8));
  reroll.set_expires_at_ms(kNow + step);
}

void fill(v1::MigrateKeys& migrate, int step) {
  migrate.set_migration_id(pick("mig_", 3));
  migrate.set_api_id(pick("api_", 3));
  for (int n = *rc::gen::inRange(1, 4); n > 0; --n) {
    auto& wanted = *migrate.add_keys();
    wanted.mutable_key()->set_key_id(pick("key_", 6));
    wanted.mutable_key()->set_hash(pick("hash_", 8));
    *wanted.mutable_key()->mutable_identity() = reference("user", step, n);
    *wanted.mutable_key()->add_permissions() = reference("perm", step, n);
    *wanted.add_roles() = reference("role", step, n);
  }
}

void fill(v1::CompleteMigration& complete) {
  complete.set_key_id(pick("key_", 6));
  complete.set_migration_id(pick("mig_", 3));
  complete.set_hash(pick("hash_", 8));
}

/// Any command over a few ids, so that they meet.
v1::Command any_command(int step) {
  v1::Command command;
  command.set_workspace_id(pick("ws_", 2));
  command.set_time_ms(kNow + step);
  switch (*rc::gen::inRange(0, 19)) {
    case 0:
      command.mutable_create_workspace()->set_workspace_id(command.workspace_id());
      break;
    case 1:
      command.mutable_create_api()->set_api_id(pick("api_", 3));
      command.mutable_create_api()->set_keyspace_id(pick("ks_", 3));
      break;
    case 2:
      if (*rc::gen::inRange(0, 4) == 0) command.mutable_delete_api()->set_api_id(pick("api_", 3));
      break;
    case 3:
      command.mutable_delete_key()->set_key_id(pick("key_", 6));
      command.mutable_delete_key()->set_permanent(*rc::gen::arbitrary<bool>());
      break;
    case 4:
      command.mutable_create_role()->set_role_id("role_" + std::to_string(step));
      command.mutable_create_role()->set_name(pick("role", 4));
      command.mutable_create_role()->set_may_create(*rc::gen::arbitrary<bool>());
      *command.mutable_create_role()->add_permissions() = reference("perm", step, 1);
      break;
    case 5:
      fill(*command.mutable_update_key(), step);
      break;
    case 6:
    case 7:
      command.mutable_spend_credits()->set_key_id(pick("key_", 6));
      command.mutable_spend_credits()->set_cost(*rc::gen::inRange(0, 8));
      break;
    case 8:
    case 9:
    case 10:
      change_grants(command, step);
      break;
    case 11:
    case 12:
      fill_identity(command, step);
      break;
    case 13:
      fill(*command.mutable_reroll_key(), step);
      break;
    case 14:
      fill(*command.mutable_migrate_keys(), step);
      break;
    case 15:
      fill(*command.mutable_complete_migration());
      break;
    case 16:
      command.mutable_create_migration()->set_migration_id(pick("mig_", 3));
      command.mutable_create_migration()->set_algorithm(
          *rc::gen::arbitrary<bool>() ? v1::MigrationCreated::SHA256 : v1::MigrationCreated::PREFIXED_API_KEY);
      break;
    default:
      fill(*command.mutable_create_key(), step);
  }
  return command;
}

std::string bytes_of(const Decided& decided) {
  if (!decided) return std::to_string(static_cast<int>(decided.error().code)) + decided.error().detail;
  std::string bytes;
  for (const PlannedEvent& planned : decided->events) {
    bytes += planned.stream_kind + planned.stream_id + planned.payload.SerializeAsString();
  }
  return bytes;
}

void apply(MemoryRows& rows, const v1::Command& command, const Decision& decision) {
  for (const PlannedEvent& planned : decision.events) {
    events::Event event;
    event.header.set_workspace_id(command.workspace_id());
    event.header.set_time_ms(command.time_ms());
    event.payload = planned.payload;
    rows.fold(event);
  }
}

/// Workspaces, APIs and a role are there, so that most commands find something to do.
MemoryRows furnished() {
  MemoryRows rows;
  for (const std::string text : {"workspace_id: 'ws_0' create_workspace { workspace_id: 'ws_0' }",
                                 "workspace_id: 'ws_1' create_workspace { workspace_id: 'ws_1' }",
                                 "workspace_id: 'ws_0' create_api { api_id: 'api_0' keyspace_id: 'ks_0' }",
                                 "workspace_id: 'ws_1' create_api { api_id: 'api_1' keyspace_id: 'ks_1' }",
                                 "workspace_id: 'ws_0' create_role { role_id: 'role_a' name: 'role0' }"}) {
    const v1::Command command = parse_command(text);
    apply(rows, command, decide(command, command.time_ms(), rows).value());
  }
  return rows;
}

TEST(AnyCommands, LeaveRowsThatAgreeWithEachOther) {
  EXPECT_TRUE(rc::check([] {
    MemoryRows rows = furnished();
    const int steps = *rc::gen::inRange(1, 40);
    for (int step = 0; step < steps; ++step) {
      const v1::Command command = any_command(step);
      const Decided decided = decide(command, command.time_ms(), rows);
      if (decided) apply(rows, command, *decided);
    }
    expect_sound(rows);
    RC_ASSERT(!::testing::Test::HasFailure());
  }));
}

TEST(AnyCommand, IsDecidedTheSameWayEachTime) {
  EXPECT_TRUE(rc::check([] {
    MemoryRows rows = furnished();
    for (int step = 0; step < 20; ++step) {
      const v1::Command command = any_command(step);
      const Decided first = decide(command, command.time_ms(), rows);
      const MemoryRows copied = rows;
      RC_ASSERT(bytes_of(first) == bytes_of(decide(command, command.time_ms(), copied)));
      if (first) apply(rows, command, *first);
    }
  }));
}

TEST(Credits, AreNeverNegativeNorSpentTwice) {
  EXPECT_TRUE(rc::check([] {
    MemoryRows rows = furnished();
    const int initial = *rc::gen::inRange(0, 50);
    const v1::Command create = parse_command(
        "workspace_id: 'ws_0' create_key { key_id: 'k' api_id: 'api_0' hash: 'h' "
        "enabled: true credits_remaining: " +
        std::to_string(initial) + " }");
    apply(rows, create, decide(create, kNow, rows).value());
    std::optional<std::int64_t> balance = initial;
    const int steps = *rc::gen::inRange(1, 60);
    for (int step = 0; step < steps; ++step) {
      v1::Command command;
      command.set_workspace_id("ws_0");
      const bool is_change = *rc::gen::inRange(0, 10) == 0;
      if (is_change) {
        command.mutable_update_key()->set_key_id("k");
        balance = *rc::gen::inRange<std::int64_t>(0, 20);
        command.mutable_update_key()->mutable_credits()->set_remaining(*balance);
        if (*rc::gen::inRange(0, 5) == 0) {
          command.mutable_update_key()->mutable_credits()->clear_remaining();
          balance.reset();
        }
      } else {
        command.mutable_spend_credits()->set_key_id("k");
        command.mutable_spend_credits()->set_cost(*rc::gen::inRange(0, 12));
      }
      const Decided decided = decide(command, kNow, rows);
      if (decided) apply(rows, command, *decided);
      if (!is_change) {
        const std::int64_t cost = command.spend_credits().cost();
        RC_ASSERT(decided.has_value() == (!balance || cost <= *balance));
        if (decided && balance) *balance -= cost;
        if (decided) RC_ASSERT(decided->credits_remaining == balance);
        if (!decided) RC_ASSERT(decided.error().credits_remaining == *balance);
      }
      const auto row = projections::find_key(rows, "k");
      RC_ASSERT(row->has_credits_remaining() == balance.has_value());
      if (balance) RC_ASSERT(row->credits_remaining() == *balance);
    }
  }));
}

}  // namespace
}  // namespace keyfold::actors::testing
