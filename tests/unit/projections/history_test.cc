#include "projections/history.h"

#include "tests/unit/projections/projector_fixture.h"

namespace keyfold::projections::testing {
namespace {

using Kind = ResourceChange::Kind;

class HistoryTest : public ::testing::Test {
 protected:
  HistoryTest() { happens("partition_opened { epoch: 1 }"); }

  std::vector<ResourceChange> happens(const std::string& event, std::int64_t time_ms = kNowMs) {
    return folder_.fold(make_event(0, chain_, payload(event), time_ms).second);
  }
  /// The only thing that the event changed.
  ResourceChange change(const std::string& event, std::int64_t time_ms = kNowMs) {
    const auto changes = happens(event, time_ms);
    EXPECT_EQ(changes.size(), 1u);
    return changes.empty() ? ResourceChange() : changes.front();
  }

  NoRows nothing_;
  HistoryFolder folder_{nothing_};

 private:
  events::ChainState chain_;
};

TEST_F(HistoryTest, TellsOldAndNewValuesOfWhatChanged) {
  const auto created = change("key_created { key_id: 'key_1' hash: 'h' name: 'one' enabled: true }");
  EXPECT_EQ(created.kind, Kind::kCreated);
  EXPECT_EQ(created.resource, (ResourceId{"key", "key_1"}));
  EXPECT_EQ(created.members.at("name").from, "null");
  EXPECT_EQ(created.members.at("name").to, "\"one\"");
  EXPECT_FALSE(created.members.contains("hash"));

  const auto updated = change("key_updated { key_id: 'key_1' name { value: 'two' } enabled: false }", kNowMs + 1);
  EXPECT_EQ(updated.kind, Kind::kUpdated);
  ASSERT_EQ(updated.members.size(), 2u) << "the time of the update is the event's";
  EXPECT_EQ(updated.members.at("name").from, "\"one\"");
  EXPECT_EQ(updated.members.at("name").to, "\"two\"");
  EXPECT_EQ(updated.members.at("enabled").to, "false");

  const auto cleared = change("key_updated { key_id: 'key_1' name {} }", kNowMs + 2);
  EXPECT_EQ(cleared.members.at("name").to, "null");
}

TEST_F(HistoryTest, AThingThatIsKeptAfterItsDeletionCountsAsDeleted) {
  happens("key_created { key_id: 'key_1' hash: 'h' }");
  const auto deleted = change("key_deleted { key_id: 'key_1' }");
  EXPECT_EQ(deleted.kind, Kind::kDeleted);
  EXPECT_EQ(deleted.members.at("deletedAt").to, std::to_string(kNowMs));
}

TEST_F(HistoryTest, AThingThatIsGoneShowsWhatItHeld) {
  happens("role_created { role_id: 'role_1' name: 'admin' }");
  const auto deleted = change("role_deleted { role_id: 'role_1' }");
  EXPECT_EQ(deleted.kind, Kind::kDeleted);
  EXPECT_EQ(deleted.members.at("name").from, "\"admin\"");
  EXPECT_EQ(deleted.members.at("name").to, "null");
  EXPECT_FALSE(resource_json(folder_.rows(), "ws_1", {"role", "role_1"}));
}

TEST_F(HistoryTest, OverridesAreThingsOfTheirOwn) {
  happens("ratelimit_namespace_created { namespace_id: 'ns_1' name: 'email' }");
  const auto set = change(
      "ratelimit_override_set { namespace_id: 'ns_1' override_id: 'ov_1' identifier: 'ann' limit: 5 duration_ms: 1000 "
      "}");
  EXPECT_EQ(set.resource, (ResourceId{"ratelimit_override", "ns_1/ov_1"}));
  EXPECT_EQ(set.members.at("limit").to, "5");
}

TEST_F(HistoryTest, WhatChangesNothingThatPeopleSeeTellsNothing) {
  happens("key_created { key_id: 'key_1' hash: 'h' }");
  EXPECT_TRUE(happens("key_secret_resealed { key_id: 'key_1' sealed_secret: 's' }").empty());
  EXPECT_TRUE(happens("key_updated { key_id: 'key_none' name { value: 'x' } }").empty());
}

TEST_F(HistoryTest, AnotherWorkspacesThingIsNotThere) {
  happens("key_created { key_id: 'key_1' hash: 'h' }");
  EXPECT_TRUE(resource_json(folder_.rows(), "ws_1", {"key", "key_1"}));
  EXPECT_FALSE(resource_json(folder_.rows(), "ws_2", {"key", "key_1"}));
  EXPECT_FALSE(resource_json(folder_.rows(), "ws_1", {"key", "key_2"}));
  EXPECT_FALSE(resource_json(folder_.rows(), "ws_1", {"no_kind", "key_1"}));
}

TEST(Resources, AreTheRowsThatHoldAThing) {
  EXPECT_EQ(resource_of(Table::kKeys, "k/key_1"), (ResourceId{"key", "key_1"}));
  EXPECT_EQ(resource_of(Table::kKeys, "h/hash"), std::nullopt);
  EXPECT_EQ(resource_of(Table::kCommands, "k/key_1"), std::nullopt);
  EXPECT_EQ(resource_of(Table::kPortals, "s/ps_1"), (ResourceId{"portal_session", "ps_1"}));
}

}  // namespace
}  // namespace keyfold::projections::testing
