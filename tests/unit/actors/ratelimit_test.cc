#include "tests/unit/actors/scenario.h"

namespace keyfold::actors::testing {
namespace {

const std::string kWorkspace = "workspace_created { workspace_id: 'ws_1' name: 'one' }";
const std::string kNamespace = "ratelimit_namespace_created { namespace_id: 'rlns_1' name: 'mail' }";
const std::string kDeleted = "ratelimit_namespace_deleted { namespace_id: 'rlns_1' }";
const std::string kOverride =
    "ratelimit_override_set { namespace_id: 'rlns_1' override_id: 'rlor_1' identifier: 'a*' limit: 5 duration_ms: 1000 "
    "}";
const std::string kOverrideDeleted = "ratelimit_override_deleted { namespace_id: 'rlns_1' override_id: 'rlor_1' }";

std::string create(const std::string& references) { return "create_ratelimit_namespaces { " + references + " }"; }
std::string set(const std::string& candidate, const std::string& identifier, const std::string& numbers) {
  return "set_ratelimit_override { namespace_id: 'rlns_1' candidate_id: '" + candidate + "' identifier: '" +
         identifier + "' " + numbers + " }";
}

TEST(RatelimitNamespace, IsCreatedUnlessTheWorkspaceHasIt) {
  const std::string command = create("namespaces { name: 'mail' candidate_id: 'rlns_1' }");
  given({kWorkspace}).when(command).then({kNamespace});
  given({kWorkspace, kNamespace}).when(command).then({});
  given({kWorkspace})
      .when(create("namespaces { name: 'mail' candidate_id: 'rlns_1' } namespaces { name: 'sms' candidate_id: 'rlns_2' "
                   "} namespaces { name: 'mail' candidate_id: 'rlns_3' }"))
      .then({kNamespace, "ratelimit_namespace_created { namespace_id: 'rlns_2' name: 'sms' }"});
}

TEST(RatelimitNamespace, NeverReusesAnIdOrTheNameOfADeletedOne) {
  given({kWorkspace, kNamespace})
      .when(create("namespaces { name: 'sms' candidate_id: 'rlns_1' }"))
      .then(RejectionCode::kIdTaken);
  given({kWorkspace})
      .when(create("namespaces { name: 'a' candidate_id: 'rlns_1' } namespaces { name: 'b' candidate_id: 'rlns_1' }"))
      .then(RejectionCode::kIdTaken);
  given({kWorkspace, kNamespace, kDeleted})
      .when(create("namespaces { name: 'mail' candidate_id: 'rlns_2' }"))
      .then(RejectionCode::kRatelimitNamespaceGone);
}

TEST(RatelimitNamespace, IsDeletedOnceAndOnlyInItsWorkspace) {
  const std::string command = "delete_ratelimit_namespace { namespace_id: 'rlns_1' }";
  given({kWorkspace, kNamespace}).when(command).then({kDeleted});
  given({kWorkspace, kNamespace, kDeleted}).when(command).then(RejectionCode::kRatelimitNamespaceNotFound);
  given({kWorkspace}).when(command).then(RejectionCode::kRatelimitNamespaceNotFound);
  given({kWorkspace}).and_given({kNamespace}, "ws_2").when(command).then(RejectionCode::kRatelimitNamespaceNotFound);
}

TEST(RatelimitOverride, IsSetInALiveNamespace) {
  const std::string command = set("rlor_1", "a*", "limit: 5 duration_ms: 1000");
  given({kWorkspace, kNamespace}).when(command).then({kOverride}).with_data(R"({"overrideId":"rlor_1"})");
  given({kWorkspace}).when(command).then(RejectionCode::kRatelimitNamespaceNotFound);
  given({kWorkspace, kNamespace, kDeleted}).when(command).then(RejectionCode::kRatelimitNamespaceNotFound);
}

TEST(RatelimitOverride, KeepsItsIdWhenItIsChanged) {
  given({kWorkspace, kNamespace, kOverride})
      .when(set("rlor_2", "a*", "limit: 0 duration_ms: 2000"))
      .then({"ratelimit_override_set { namespace_id: 'rlns_1' override_id: 'rlor_1' identifier: 'a*' limit: 0 "
             "duration_ms: 2000 }"});
  given({kWorkspace, kNamespace, kOverride})
      .when(set("rlor_1", "b", "limit: 1 duration_ms: 1000"))
      .then(RejectionCode::kIdTaken);
}

TEST(RatelimitOverride, DoesNotHappenTwice) {
  given({kWorkspace, kNamespace, kOverride})
      .when(set("rlor_2", "a*", "limit: 5 duration_ms: 1000"))
      .then({})
      .with_data(R"({"overrideId":"rlor_1"})");
}

TEST(RatelimitOverride, HoldsAThousandWildcardsANamespaceAndAnyNumberOfOthers) {
  const auto set_event = [](int i) {
    return "ratelimit_override_set { namespace_id: 'rlns_1' override_id: 'rlor_w" + std::to_string(i) +
           "' identifier: '" + std::to_string(i) + "*' limit: 5 duration_ms: 1000 }";
  };
  Given full = given({kWorkspace, kNamespace});
  for (int i = 0; i < 999; ++i) full.and_given({set_event(i)});
  full.when(set("rlor_1", "a*", "limit: 5 duration_ms: 1000")).then({kOverride});
  full.and_given({set_event(999)});
  full.when(set("rlor_1", "a*", "limit: 5 duration_ms: 1000")).then(RejectionCode::kInvalidInput, "1000");
  full.when(set("rlor_1", "5*", "limit: 6 duration_ms: 1000"))
      .then({"ratelimit_override_set { namespace_id: 'rlns_1' override_id: 'rlor_w5' identifier: '5*' limit: 6 "
             "duration_ms: 1000 }"});
  full.when(set("rlor_1", "a", "limit: 5 duration_ms: 1000"))
      .then({"ratelimit_override_set { namespace_id: 'rlns_1' override_id: 'rlor_1' identifier: 'a' limit: 5 "
             "duration_ms: 1000 }"});
  full.and_given({"ratelimit_override_deleted { namespace_id: 'rlns_1' override_id: 'rlor_w5' }"});
  full.when(set("rlor_1", "a*", "limit: 5 duration_ms: 1000")).then({kOverride});
}

TEST(RatelimitOverride, ComesBackAfterItWasDeleted) {
  given({kWorkspace, kNamespace, kOverride, kOverrideDeleted})
      .when(set("rlor_2", "a*", "limit: 5 duration_ms: 1000"))
      .then({"ratelimit_override_set { namespace_id: 'rlns_1' override_id: 'rlor_2' identifier: 'a*' limit: 5 "
             "duration_ms: 1000 }"});
}

TEST(RatelimitOverride, RefusesNumbersOutOfRange) {
  given({kWorkspace, kNamespace})
      .when(set("rlor_1", "a", "limit: -1 duration_ms: 1000"))
      .then(RejectionCode::kInvalidInput);
  given({kWorkspace, kNamespace})
      .when(set("rlor_1", "a", "limit: 1 duration_ms: 999"))
      .then(RejectionCode::kInvalidInput);
}

TEST(RatelimitOverride, IsDeletedByItsExactIdentifier) {
  const std::string command = "delete_ratelimit_override { namespace_id: 'rlns_1' identifier: 'a*' }";
  given({kWorkspace, kNamespace, kOverride}).when(command).then({kOverrideDeleted});
  given({kWorkspace, kNamespace}).when(command).then(RejectionCode::kRatelimitOverrideNotFound);
  given({kWorkspace, kNamespace, kOverride, kOverrideDeleted})
      .when(command)
      .then(RejectionCode::kRatelimitOverrideNotFound);
  given({kWorkspace, kNamespace, kOverride})
      .when("delete_ratelimit_override { namespace_id: 'rlns_1' identifier: 'abc' }")
      .then(RejectionCode::kRatelimitOverrideNotFound);
  given({kWorkspace, kNamespace, kOverride, kDeleted}).when(command).then(RejectionCode::kRatelimitNamespaceNotFound);
}

}  // namespace
}  // namespace keyfold::actors::testing
