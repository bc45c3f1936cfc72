#include "tests/unit/actors/scenario.h"

#include <google/protobuf/text_format.h>

#include <set>

#include "events/event.h"
#include "projections/identity.h"
#include "projections/key.h"
#include "projections/permission.h"
#include "projections/role.h"
#include "projections/rows.pb.h"
#include "schemas/base/encoding.h"

namespace keyfold::actors::testing {
namespace {

using projections::Table;

using Keys = std::set<std::string>;

/// The keys that the rows of permissions make necessary, and those that are there besides rows and marks of the
/// deleted.
void expect_permissions_listed(const MemoryRows& rows) {
  Keys listed;
  Keys expected;
  for (const auto& [row, value] : rows.all()) {
    const auto& [table, key] = row;
    if (table != Table::kPermissions || key.starts_with("d/")) continue;
    if (!key.starts_with("p/")) listed.insert(key);
    rows::PermissionRow found;
    if (!key.starts_with("p/") || !found.ParseFromString(value)) continue;
    EXPECT_FALSE(rows.get(table, "d/" + found.permission_id())) << found.permission_id();
    EXPECT_EQ(projections::find_permission_id_by_slug(rows, found.workspace_id(), found.slug()), found.permission_id());
    expected.insert("s/" + found.workspace_id() + "/" + to_lower(found.slug()));
    expected.insert("w/" + found.workspace_id() + "/" + found.permission_id());
  }
  EXPECT_EQ(listed, expected);
}

void expect_roles_listed(const MemoryRows& rows) {
  Keys listed;
  Keys expected;
  for (const auto& [row, value] : rows.all()) {
    const auto& [table, key] = row;
    if (table != Table::kRoles || key.starts_with("d/")) continue;
    if (!key.starts_with("r/")) listed.insert(key);
    rows::RoleRow found;
    if (!key.starts_with("r/") || !found.ParseFromString(value)) continue;
    EXPECT_FALSE(rows.get(table, "d/" + found.role_id())) << found.role_id();
    EXPECT_EQ(projections::find_role_id_by_name(rows, found.workspace_id(), found.name()), found.role_id());
    for (const std::string& id : found.permission_ids())
      EXPECT_TRUE(projections::is_used_permission_id(rows, id)) << id;
    expected.insert("n/" + found.workspace_id() + "/" + to_lower(found.name()));
    expected.insert("w/" + found.workspace_id() + "/" + found.role_id());
  }
  EXPECT_EQ(listed, expected);
}

events::Event through_the_codec(const v1::Payload& payload, const std::string& workspace_id, std::int64_t time_ms,
                                events::Sequence sequence) {
  v1::EventHeader header;
  header.set_schema_version(events::kSchemaVersion);
  header.set_workspace_id(workspace_id);
  header.set_sequence(sequence);
  header.set_time_ms(time_ms);
  const events::Record record = events::encode(header, payload);
  events::Event event;
  const Status decoded = events::decode({record.header, record.payload}, event);
  EXPECT_TRUE(decoded) << decoded.error().to_string();
  EXPECT_EQ(event.payload.SerializeAsString(), payload.SerializeAsString());
  return event;
}

}  // namespace

v1::Payload parse_event(const std::string& text) {
  v1::Payload payload;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &payload)) << text;
  return payload;
}

v1::Command parse_command(const std::string& text) {
  v1::Command command;
  command.set_workspace_id("ws_1");
  command.set_time_ms(kNow);
  EXPECT_TRUE(google::protobuf::TextFormat::MergeFromString(text, &command)) << text;
  return command;
}

When::When(MemoryRows rows, v1::Command command)
    : rows_(std::move(rows)), command_(std::move(command)), decided_(decide(command_, command_.time_ms(), rows_)) {}

When& When::then(std::initializer_list<std::string> expected) {
  if (!decided_) {
    ADD_FAILURE() << "rejected: " << decided_.error().detail;
    return *this;
  }
  std::string wanted;
  for (const std::string& text : expected) wanted += parse_event(text).ShortDebugString() + "\n";
  std::string actual;
  events::Sequence sequence = 1'000;
  for (const PlannedEvent& planned : decided_->events) {
    actual += planned.payload.ShortDebugString() + "\n";
    EXPECT_FALSE(planned.stream_kind.empty());
    EXPECT_FALSE(planned.stream_id.empty());
    rows_.fold(through_the_codec(planned.payload, command_.workspace_id(), command_.time_ms(), sequence++));
  }
  EXPECT_EQ(actual, wanted);
  expect_sound(rows_);
  return *this;
}

When& When::then(RejectionCode code) { return then(code, ""); }

When& When::then(RejectionCode code, const std::string& words) {
  if (decided_) {
    ADD_FAILURE() << "accepted with " << decided_->events.size() << " events";
    return *this;
  }
  EXPECT_EQ(decided_.error().code, code) << decided_.error().detail;
  EXPECT_NE(decided_.error().detail.find(words), std::string::npos) << decided_.error().detail;
  return *this;
}

When& When::with_credits(std::optional<std::int64_t> credits) {
  if (decided_) {
    EXPECT_EQ(decided_->credits_remaining, credits);
  } else {
    EXPECT_EQ(std::optional<std::int64_t>(decided_.error().credits_remaining), credits);
  }
  return *this;
}

When& When::with_data(const std::string& json) {
  EXPECT_EQ(decided_ ? decided_->data_json : "", json);
  return *this;
}

Given& Given::and_given(std::initializer_list<std::string> texts, const std::string& workspace_id) {
  for (const std::string& text : texts) {
    rows_.fold(through_the_codec(parse_event(text), workspace_id, kNow - 1'000, next_++));
  }
  return *this;
}

When Given::when(const std::string& command) const { return {rows_, parse_command(command)}; }

Given given(std::initializer_list<std::string> texts) { return Given().and_given(texts); }

namespace {

void expect_sound_identities(const MemoryRows& rows) {
  std::set<std::string> listed;
  std::set<std::string> expected;
  for (const auto& [row, value] : rows.all()) {
    const auto& [table, key] = row;
    if (table != Table::kIdentities) continue;
    if (key.starts_with("e/") || key.starts_with("n/")) listed.insert(std::string(key).append("=").append(value));
    if (!key.starts_with("i/")) continue;
    rows::IdentityRow found;
    ASSERT_TRUE(found.ParseFromString(value));
    EXPECT_EQ(key, "i/" + found.identity_id());
    EXPECT_FALSE(rows.get(table, "d/" + found.identity_id())) << "live and deleted: " << key;
    const std::string owner = found.workspace_id() + "/";
    expected.insert("e/" + owner + found.external_id() + "=" + found.identity_id());
    expected.insert("n/" + owner + found.identity_id() + "=" + found.external_id());
  }
  EXPECT_EQ(listed, expected);
}

}  // namespace

void expect_sound(const MemoryRows& rows) {
  expect_permissions_listed(rows);
  expect_roles_listed(rows);
  expect_sound_identities(rows);
  std::set<std::string> listed;
  std::set<std::string> expected;
  for (const auto& [row, value] : rows.all()) {
    const auto& [table, key] = row;
    if (table != Table::kKeys) continue;
    const bool is_list = !key.starts_with("k/") && !key.starts_with("h/") && !key.starts_with("m/");
    if (is_list) listed.insert(key);
    if (!key.starts_with("k/")) continue;
    rows::KeyRow found;
    ASSERT_TRUE(found.ParseFromString(value));
    EXPECT_EQ(key, "k/" + found.key_id());
    EXPECT_NE(found.hash().empty(), found.pending_migration_id().empty());
    if (!found.hash().empty()) {
      EXPECT_EQ(projections::find_key_id_by_hash(rows, found.hash()), found.key_id());
    }
    if (!found.migrated_hash().empty()) {
      EXPECT_EQ(projections::find_key_id_by_migrated_hash(rows, found.migrated_hash()), found.key_id());
    }
    EXPECT_GE(found.credits_remaining(), 0);
    for (const std::string& id : found.permission_ids())
      EXPECT_TRUE(projections::is_used_permission_id(rows, id)) << id;
    for (const std::string& id : found.role_ids()) EXPECT_TRUE(projections::is_used_role_id(rows, id)) << id;
    if (!found.identity_id().empty()) {
      EXPECT_TRUE(projections::is_used_identity_id(rows, found.identity_id())) << found.identity_id();
    }
    const std::string owned = found.workspace_id() + "/" + found.key_id();
    if (!found.sealed_secret().empty()) expected.insert("s/" + owned);
    if (found.deleted_at_ms() != 0) continue;
    if (found.has_refill()) expected.insert("r/" + owned);
    expected.insert("a/" + found.keyspace_id() + "/" + found.key_id());
    if (!found.identity_id().empty()) expected.insert("i/" + found.identity_id() + "/" + found.key_id());
  }
  EXPECT_EQ(listed, expected);
}

}  // namespace keyfold::actors::testing
