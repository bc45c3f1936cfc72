#include "projections/ratelimit.h"

#include "projections/ratelimit_index.h"
#include "tests/unit/projections/projector_fixture.h"

namespace keyfold::projections::testing {
namespace {

const std::string kCreated = "ratelimit_namespace_created { namespace_id: 'rlns_1' name: 'e mail/x' }";

std::string override_set(const std::string& id, const std::string& identifier, int limit) {
  return "ratelimit_override_set { namespace_id: 'rlns_1' override_id: '" + id + "' identifier: '" + identifier +
         "' limit: " + std::to_string(limit) + " duration_ms: 1000 }";
}
std::string override_deleted(const std::string& id) {
  return "ratelimit_override_deleted { namespace_id: 'rlns_1' override_id: '" + id + "' }";
}

class RatelimitProjector : public ProjectorTest {};

TEST_F(RatelimitProjector, FindsANamespaceByIdAndByItsExactName) {
  given(kCreated);
  expect_row(find_ratelimit_namespace(rows_, "rlns_1"),
             "namespace_id: 'rlns_1' workspace_id: 'ws_1' name: 'e mail/x' created_at_ms: 1700000000000");
  EXPECT_EQ(find_ratelimit_namespace_id_by_name(rows_, "ws_1", "e mail/x"), "rlns_1");
  EXPECT_FALSE(find_ratelimit_namespace_id_by_name(rows_, "ws_1", "E mail/x"));
  EXPECT_FALSE(find_ratelimit_namespace_id_by_name(rows_, "ws_2", "e mail/x"));
}

TEST_F(RatelimitProjector, KeepsADeletedNamespaceAndItsNameButListsItNoMore) {
  given(kCreated);
  EXPECT_EQ(keys(Table::kRatelimits), (Keys{"n/rlns_1", "m/ws_1/e mail/x", "w/ws_1/rlns_1"}));
  given("ratelimit_namespace_deleted { namespace_id: 'rlns_1' }", kNowMs + 1);
  given("ratelimit_namespace_deleted { namespace_id: 'rlns_1' }", kNowMs + 2);
  EXPECT_EQ(find_ratelimit_namespace(rows_, "rlns_1")->deleted_at_ms(), kNowMs + 1);
  EXPECT_EQ(keys(Table::kRatelimits), (Keys{"n/rlns_1", "m/ws_1/e mail/x"}));
}

TEST_F(RatelimitProjector, ChangesAnOverrideInPlaceAndForgetsADeletedOne) {
  given(kCreated);
  given(override_set("rlor_1", "a/*", 5));
  given(override_set("rlor_1", "a/*", 7), kNowMs + 1);
  expect_row(find_ratelimit_override(rows_, "rlns_1", "rlor_1"),
             R"(override_id: 'rlor_1' namespace_id: 'rlns_1' identifier: 'a/*' limit: 7 duration_ms: 1000
                created_at_ms: 1700000000000 updated_at_ms: 1700000000001 sequence: 2)");
  EXPECT_EQ(find_ratelimit_override_id(rows_, "rlns_1", "a/*"), "rlor_1");
  given(override_deleted("rlor_1"));
  given(override_deleted("rlor_1"));
  EXPECT_FALSE(find_ratelimit_override(rows_, "rlns_1", "rlor_1"));
  EXPECT_FALSE(find_ratelimit_override_id(rows_, "rlns_1", "a/*"));
}

TEST_F(RatelimitProjector, CountsTheLiveWildcardsOfANamespace) {
  given(kCreated);
  given(override_set("rlor_1", "a*", 5));
  given(override_set("rlor_2", "*", 5));
  given(override_set("rlor_3", "plain", 5));
  given(override_set("rlor_1", "a*", 6));
  EXPECT_EQ(find_ratelimit_namespace(rows_, "rlns_1")->wildcards(), 2);
  given(override_deleted("rlor_1"));
  given(override_deleted("rlor_1"));
  given(override_deleted("rlor_3"));
  EXPECT_EQ(find_ratelimit_namespace(rows_, "rlns_1")->wildcards(), 1);
}

/// Events folded, and their changes given to an index as a commit does.
class RatelimitIndexTest : public ::testing::Test {
 protected:
  RatelimitIndexTest() { given({"partition_opened { epoch: 1 }", kCreated}); }

  void given(std::initializer_list<std::string> events) {
    for (const std::string& event : events) fold(make_event(0, chain_, payload(event)).second, overlay_);
    const Changes changes = overlay_.take();
    rows_.apply(changes);
    overlay_.forget(changes);
    index_.apply(changes);
  }

  /// The override of an identifier; empty: none.
  [[nodiscard]] std::string override_of(std::string_view identifier, std::string_view in = "rlns_1") const {
    const auto rule = index_.find("ws_1", in, identifier);
    return rule && rule->override ? rule->override->override_id : "";
  }

  RatelimitIndex index_;

 private:
  MapRows rows_;
  Overlay overlay_{rows_};
  events::ChainState chain_;
};

TEST_F(RatelimitIndexTest, FindsANamespaceByIdOrNameInItsWorkspaceAlone) {
  EXPECT_EQ(index_.find("ws_1", "rlns_1", "a")->namespace_id, "rlns_1");
  EXPECT_EQ(index_.find("ws_1", "e mail/x", "a")->namespace_id, "rlns_1");
  EXPECT_FALSE(index_.find("ws_2", "rlns_1", "a"));
  EXPECT_FALSE(index_.find("ws_2", "e mail/x", "a"));
  EXPECT_FALSE(index_.find("ws_1", "e mail", "a"));
}

TEST_F(RatelimitIndexTest, KnowsThatANamespaceIsGone) {
  EXPECT_FALSE(index_.find("ws_1", "rlns_1", "a")->is_deleted);
  given({"ratelimit_namespace_deleted { namespace_id: 'rlns_1' }"});
  EXPECT_TRUE(index_.find("ws_1", "rlns_1", "a")->is_deleted);
  EXPECT_TRUE(index_.find("ws_1", "e mail/x", "a")->is_deleted);
}

TEST_F(RatelimitIndexTest, PrefersTheExactIdentifierThenTheWildcardCreatedFirst) {
  given({override_set("rlor_9", "a*", 1), override_set("rlor_1", "*c", 2), override_set("rlor_5", "abc", 3)});
  EXPECT_EQ(override_of("abc"), "rlor_5");
  EXPECT_EQ(override_of("axc"), "rlor_9");
  EXPECT_EQ(override_of("bc"), "rlor_1");
  EXPECT_EQ(override_of("b"), "");
  EXPECT_EQ(override_of("abc", "e mail/x"), "rlor_5");
}

TEST_F(RatelimitIndexTest, FollowsChangesAndDeletionsOfOverrides) {
  given({override_set("rlor_1", "*", 1), override_set("rlor_1", "*", 8)});
  EXPECT_EQ(index_.find("ws_1", "rlns_1", "x")->override->limit, 8);
  given({override_deleted("rlor_1"), override_set("rlor_2", "*", 3)});
  EXPECT_EQ(override_of("x"), "rlor_2");
  given({override_deleted("rlor_2")});
  EXPECT_EQ(override_of("x"), "");
}

}  // namespace
}  // namespace keyfold::projections::testing
