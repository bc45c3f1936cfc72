#include "tests/unit/actors/scenario.h"

namespace keyfold::actors::testing {
namespace {

const std::string kWorkspace = "workspace_created { workspace_id: 'ws_1' name: 'one' }";
const std::string kApi = "api_created { api_id: 'api_1' name: 'payments' keyspace_id: 'ks_1' }";
const std::string kKeyspace = "keyspace_created { keyspace_id: 'ks_1' api_id: 'api_1' }";
const std::string kPortal =
    "portal_created { portal_id: 'pc_1' slug: 'acme' api_ids: 'api_1' base_url: 'https://p' enabled: true }";
const std::string kSession =
    "portal_session_created { session_id: 'ps_1' portal_id: 'pc_1' external_id: 'u' scopes: 'keys:read' "
    "keyspace_ids: 'ks_1' code_hash: 'c1' code_expires_at_ms: 1700000000000 }";
const std::string kExchange = "exchange_portal_code { code_hash: 'c1' token_hash: 't1' expires_at_ms: 9 }";
const std::string kExchanged = "portal_session_exchanged { session_id: 'ps_1' token_hash: 't1' expires_at_ms: 9 }";

TEST(Portal, IsCreatedForLiveApisWithASlugOfItsOwn) {
  const std::string command =
      "create_portal { portal_id: 'pc_1' slug: 'acme' api_ids: 'api_1' base_url: 'https://p' enabled: true }";
  given({kWorkspace, kApi, kKeyspace}).when(command).then({kPortal});
  given({kWorkspace}).when(command).then(RejectionCode::kApiNotFound);
  given({kWorkspace, kApi, kKeyspace, kPortal})
      .when("create_portal { portal_id: 'pc_2' slug: 'acme' }")
      .then(RejectionCode::kPortalExists);
  given({kWorkspace, kApi, kKeyspace, kPortal})
      .when("create_portal { portal_id: 'pc_1' slug: 'other' }")
      .then(RejectionCode::kIdTaken);
}

TEST(Portal, MakesNoSessionOnceItIsDisabled) {
  const std::string disabled = "portal_updated { portal_id: 'pc_1' enabled: false }";
  const std::string command =
      "create_portal_session { session_id: 'ps_1' portal_id: 'pc_1' external_id: 'u' scopes: 'keys:read' "
      "keyspace_ids: 'ks_1' code_hash: 'c1' code_expires_at_ms: 1700000000000 }";
  Given before = given({kWorkspace, kApi, kKeyspace, kPortal});
  before.when("update_portal { portal_id: 'pc_1' enabled: true }").then({});
  before.when("update_portal { portal_id: 'pc_1' enabled: false }").then({disabled});
  before.when(command).then({kSession});
  before.and_given({disabled}).when(command).then(RejectionCode::kPortalNotFound);
}

TEST(PortalSession, IsExchangedOnceUpToItsLastMillisecond) {
  Given before = given({kWorkspace, kApi, kKeyspace, kPortal, kSession});
  before.when(kExchange).then({kExchanged});
  before.when("exchange_portal_code { code_hash: 'c2' token_hash: 't1' }").then(RejectionCode::kPortalSessionNotFound);
  before.when("time_ms: 1700000000001 " + kExchange).then(RejectionCode::kPortalSessionNotFound);
  before.and_given({kExchanged}).when(kExchange).then(RejectionCode::kPortalSessionNotFound);
}

TEST(PortalSession, IsOfItsWorkspaceAlone) {
  given({kWorkspace, kApi, kKeyspace, kPortal, kSession})
      .and_given({"workspace_created { workspace_id: 'ws_2' name: 'two' }"}, "ws_2")
      .when("workspace_id: 'ws_2' " + kExchange)
      .then(RejectionCode::kPortalSessionNotFound);
}

}  // namespace
}  // namespace keyfold::actors::testing
