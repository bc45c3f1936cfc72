#include "projections/index_loader.h"

#include "tests/unit/projections/store_fixture.h"

namespace keyfold::projections::testing {
namespace {

const std::string kHash(32, 'h');

Digest digest_from(const std::string& bytes) {
  Digest digest{};
  std::copy(bytes.begin(), bytes.end(), digest.begin());
  return digest;
}

class Indexes : public ProjectionsTest {
 protected:
  Indexes() {
    for (const char* event : {"partition_opened { epoch: 1 }", "api_created { api_id: 'api_1' keyspace_id: 'ks_1' }",
                              "keyspace_created { keyspace_id: 'ks_1' api_id: 'api_1' }",
                              "permission_created { permission_id: 'perm_1' name: 'read' slug: 'docs.read' }"}) {
      append_event(log_, 0, payload(event));
    }
    append_event(log_, 0,
                 payload("key_created { key_id: 'key_1' api_id: 'api_1' keyspace_id: 'ks_1' hash: '" + kHash +
                         "' enabled: true permission_ids: 'perm_1' }"));
    append_event(log_, 0, payload("ratelimit_namespace_created { namespace_id: 'rlns_1' name: 'mail' }"));
    append_event(log_, 0,
                 payload("ratelimit_override_set { namespace_id: 'rlns_1' override_id: 'rlor_1' identifier: 'a*' "
                         "limit: 5 duration_ms: 1000 }"));
    append_event(log_, 0, payload("workspace_created { workspace_id: 'ws_1' }"));
    append_event(log_, 0, payload("workspace_updated { workspace_id: 'ws_1' requests { per_minute: 7 } }"));
    append_event(log_, 0,
                 payload("root_key_created { root_key_id: 'rk_1' workspace_id: 'ws_1' hash: '" + kHash + "' }"));
  }

  static std::vector<std::string> permissions(const Projections& projections) {
    std::vector<std::string> found{"no key"};
    projections.keys(0).visit(digest_from(kHash), [&](const KeyView& key) {
      EXPECT_EQ(key.key_id, "key_1");
      found.assign(key.permissions.begin(), key.permissions.end());
    });
    return found;
  }

  static void expect_found(const Projections& projections) {
    EXPECT_EQ(permissions(projections), std::vector<std::string>{"docs.read"});
    const auto root_key = projections.root_keys().find(digest_from(kHash));
    ASSERT_NE(root_key, nullptr);
    EXPECT_EQ(root_key->root_key_id, "rk_1");
    EXPECT_EQ(root_key->workspace->state(), WorkspaceStanding::State::kEnabled);
    EXPECT_EQ(root_key->workspace->requests_per_minute_max(), 7);
    const auto rule = projections.ratelimits(0).find("ws_1", "mail", "abc");
    ASSERT_TRUE(rule && rule->override);
    EXPECT_EQ(rule->override->limit, 5);
    EXPECT_FALSE(projections.keys(1).visit(digest_from(kHash), [](const KeyView&) {}));
  }
};

TEST_F(Indexes, HoldWhatWasFoldedFromTheLogOrStoredBefore) {
  {
    const auto projections = open();
    expect_found(*projections);
    ASSERT_TRUE(projections->flush());
  }
  const auto reopened = open();
  EXPECT_EQ(folded(), 0u);
  expect_found(*reopened);
}

TEST_F(Indexes, FollowACommitBeforeItReturns) {
  const auto projections = open();
  Overlay overlay(projections->reader(0));
  events::ChainState chain = log_.tail(0);
  fold(make_event(0, chain, payload("key_deleted { key_id: 'key_1' }")).second, overlay);
  fold(make_event(0, chain, payload("root_key_revoked { root_key_id: 'rk_1' }")).second, overlay);
  ASSERT_TRUE(projections->commit(0, overlay.take(), chain.next));
  EXPECT_FALSE(projections->keys(0).visit(digest_from(kHash), [](const KeyView&) {}));
  EXPECT_EQ(projections->root_keys().find(digest_from(kHash)), nullptr);
}

TEST_F(Indexes, FollowEachChangeOfPermissionsAndRoles) {
  const auto projections = open();
  Overlay overlay(projections->reader(0));
  events::ChainState chain = log_.tail(0);
  const auto after = [&](const std::string& event) {
    fold(make_event(0, chain, payload(event)).second, overlay);
    const Changes changes = overlay.take();
    EXPECT_TRUE(projections->commit(0, changes, chain.next));
    overlay.forget(changes);
    return permissions(*projections);
  };
  using Slugs = std::vector<std::string>;
  const std::string write = "permission_created { permission_id: 'perm_2' name: 'write' slug: 'docs.write' }";
  EXPECT_EQ(after(write), Slugs{"docs.read"});
  EXPECT_EQ(after("role_created { role_id: 'role_1' name: 'writer' permission_ids: 'perm_2' }"), Slugs{"docs.read"});
  EXPECT_EQ(after("key_roles_changed { key_id: 'key_1' connected_ids: 'role_1' }"), (Slugs{"docs.read", "docs.write"}));
  EXPECT_EQ(after("key_permissions_changed { key_id: 'key_1' disconnected_ids: 'perm_1' }"), Slugs{"docs.write"});
  EXPECT_EQ(after("role_permissions_changed { role_id: 'role_1' disconnected_ids: 'perm_2' }"), Slugs{});
  EXPECT_EQ(after("role_permissions_changed { role_id: 'role_1' connected_ids: ['perm_1', 'perm_2'] }"),
            (Slugs{"docs.read", "docs.write"}));
  EXPECT_EQ(after("permission_deleted { permission_id: 'perm_2' }"), Slugs{"docs.read"});
  const std::string again = "permission_created { permission_id: 'perm_3' name: 'again' slug: 'docs.write' }";
  EXPECT_EQ(after(again), Slugs{"docs.read"});
  EXPECT_EQ(after("role_deleted { role_id: 'role_1' }"), Slugs{});
  EXPECT_EQ(after("role_created { role_id: 'role_2' name: 'writer' permission_ids: 'perm_3' }"), Slugs{});
}

}  // namespace
}  // namespace keyfold::projections::testing
