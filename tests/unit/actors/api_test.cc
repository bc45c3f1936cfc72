// Settings of an API and of its keyspace, and what they hold up.
#include <gtest/gtest.h>

#include "tests/unit/actors/scenario.h"

namespace keyfold::actors::testing {
namespace {

const std::string kWorkspace = "workspace_created { workspace_id: 'ws_1' name: 'one' }";
const std::string kApi = "api_created { api_id: 'api_1' name: 'payments' keyspace_id: 'ks_1' }";
const std::string kKeyspace = "keyspace_created { keyspace_id: 'ks_1' api_id: 'api_1' }";
const std::string kProtected = "api_updated { api_id: 'api_1' delete_protection: true }";
const std::string kDelete = "delete_api { api_id: 'api_1' }";

Given given_api() { return given({kWorkspace, kApi, kKeyspace}); }

TEST(UpdateApi, ChangesTheApiAndItsKeyspaceEachByItsOwnEvent) {
  given_api()
      .when(
          "update_api { api_id: 'api_1' delete_protection: true ip_allowlist { addresses: '192.0.2.1' } "
          "default_prefix: 'live' default_byte_length: 24 store_encrypted_keys: true }")
      .then({"api_updated { api_id: 'api_1' delete_protection: true ip_allowlist { addresses: '192.0.2.1' } }",
             "keyspace_updated { keyspace_id: 'ks_1' api_id: 'api_1' default_prefix: 'live' default_byte_length: 24 "
             "store_encrypted_keys: true }"});
}

TEST(UpdateApi, ChangesOnlyWhatDiffers) {
  given_api().when("update_api { api_id: 'api_1' }").then({});
  given_api()
      .when(
          "update_api { api_id: 'api_1' delete_protection: false ip_allowlist {} default_prefix: '' "
          "default_byte_length: 0 store_encrypted_keys: false }")
      .then({});
  given_api()
      .and_given({kProtected})
      .when("update_api { api_id: 'api_1' delete_protection: true default_prefix: 'sk' }")
      .then({"keyspace_updated { keyspace_id: 'ks_1' api_id: 'api_1' default_prefix: 'sk' }"});
}

TEST(UpdateApi, ClearsWhatWasSet) {
  given_api()
      .and_given(
          {kProtected, "api_updated { api_id: 'api_1' ip_allowlist { addresses: '192.0.2.1' } }",
           "keyspace_updated { keyspace_id: 'ks_1' api_id: 'api_1' default_prefix: 'sk' default_byte_length: 24 }"})
      .when(
          "update_api { api_id: 'api_1' delete_protection: false ip_allowlist {} default_prefix: '' "
          "default_byte_length: 0 }")
      .then({"api_updated { api_id: 'api_1' delete_protection: false ip_allowlist {} }",
             "keyspace_updated { keyspace_id: 'ks_1' api_id: 'api_1' default_prefix: '' default_byte_length: 0 }"});
}

TEST(UpdateApi, NeedsALiveApiOfTheWorkspace) {
  const std::string update = "update_api { api_id: 'api_1' delete_protection: true }";
  given({kWorkspace}).when(update).then(RejectionCode::kApiNotFound);
  given_api().and_given({"api_deleted { api_id: 'api_1' }"}).when(update).then(RejectionCode::kApiNotFound);
  given({kWorkspace}).and_given({kWorkspace, kApi, kKeyspace}, "ws_2").when(update).then(RejectionCode::kApiNotFound);
}

TEST(UpdateApi, NeedsAKeyspaceForWhatIsTheKeyspaces) {
  given({kWorkspace, kApi}).when("update_api { api_id: 'api_1' delete_protection: true }").then({kProtected});
  given({kWorkspace, kApi})
      .when("update_api { api_id: 'api_1' store_encrypted_keys: true }")
      .then(RejectionCode::kKeyspaceMissing);
}

TEST(DeleteApi, IsRefusedWhileTheApiIsProtected) {
  given_api().and_given({kProtected}).when(kDelete).then(RejectionCode::kApiProtected, "deleteProtection");
  given_api()
      .and_given({kProtected, "api_updated { api_id: 'api_1' delete_protection: false }"})
      .when(kDelete)
      .then({"api_deleted { api_id: 'api_1' }"});
}

}  // namespace
}  // namespace keyfold::actors::testing
