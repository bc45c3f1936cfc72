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
    append_event(log_, 0,
                 payload("root_key_created { root_key_id: 'rk_1' workspace_id: 'ws_1' hash: '" + kHash + "' }"));
  }

  static void expect_found(const Projections& projections) {
    std::string key_id;
    std::vector<std::string> permissions;
    EXPECT_TRUE(projections.keys(0).visit(digest_from(kHash), [&](const KeyView& key) {
      key_id = key.key_id;
      permissions.assign(key.permissions.begin(), key.permissions.end());
    }));
    EXPECT_EQ(key_id, "key_1");
    EXPECT_EQ(permissions, std::vector<std::string>{"docs.read"});
    const auto root_key = projections.root_keys().find(digest_from(kHash));
    ASSERT_NE(root_key, nullptr);
    EXPECT_EQ(root_key->root_key_id, "rk_1");
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

}  // namespace
}  // namespace keyfold::projections::testing
