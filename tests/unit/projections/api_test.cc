#include "projections/api.h"

#include "tests/unit/projections/projector_fixture.h"

namespace keyfold::projections::testing {
namespace {

class ApiProjector : public ProjectorTest {
 protected:
  void given_api() { given("api_created { api_id: 'api_1' name: 'Payments' keyspace_id: 'ks_1' }"); }
};

TEST_F(ApiProjector, KeepsACreatedApiAndListsItInItsWorkspace) {
  given_api();
  expect_row(find_api(rows_, "api_1"), R"(api_id: 'api_1' workspace_id: 'ws_1' name: 'Payments' keyspace_id: 'ks_1'
                                          created_at_ms: 1700000000000)");
  EXPECT_EQ(keys(Table::kApis), (Keys{"a/api_1", "n/ws_1/api_1"}));
}

TEST_F(ApiProjector, FillsInTheKeyspaceAndFindsTheApiByIt) {
  given_api();
  given(R"(keyspace_created { keyspace_id: 'ks_1' api_id: 'api_1' default_prefix: 'pk' default_byte_length: 24
                              store_encrypted_keys: true })");
  expect_row(find_api(rows_, "api_1"), R"(api_id: 'api_1' workspace_id: 'ws_1' name: 'Payments' keyspace_id: 'ks_1'
                                          created_at_ms: 1700000000000 default_prefix: 'pk' default_byte_length: 24
                                          store_encrypted_keys: true has_keyspace: true)");
  EXPECT_EQ(find_api_id_by_keyspace(rows_, "ks_1"), "api_1");
}

TEST_F(ApiProjector, KeepsADeletedApiWithTheMomentOfItsDeletion) {
  given_api();
  given("api_deleted { api_id: 'api_1' }", kNowMs + 5);
  given("api_deleted { api_id: 'api_1' }", kNowMs + 6);
  EXPECT_EQ(find_api(rows_, "api_1")->deleted_at_ms(), kNowMs + 5);
  EXPECT_EQ(find_api(rows_, "api_1")->name(), "Payments");
}

TEST_F(ApiProjector, ChangesTheSettingsThatAnEventHoldsAndNoOther) {
  given_api();
  given("keyspace_created { keyspace_id: 'ks_1' api_id: 'api_1' default_prefix: 'pk' }");
  given("api_updated { api_id: 'api_1' delete_protection: true ip_allowlist { addresses: ['::1', '192.0.2.1'] } }");
  given("keyspace_updated { keyspace_id: 'ks_1' api_id: 'api_1' default_byte_length: 24 store_encrypted_keys: true }");
  const std::string kept = R"(api_id: 'api_1' workspace_id: 'ws_1' name: 'Payments' keyspace_id: 'ks_1'
                              created_at_ms: 1700000000000 has_keyspace: true)";
  expect_row(find_api(rows_, "api_1"), kept + R"( default_prefix: 'pk' default_byte_length: 24
                                                  store_encrypted_keys: true delete_protection: true
                                                  ip_allowlist: ['::1', '192.0.2.1'])");
  given("api_updated { api_id: 'api_1' delete_protection: false ip_allowlist {} }");
  given("keyspace_updated { keyspace_id: 'ks_1' api_id: 'api_1' default_prefix: '' default_byte_length: 0 }");
  expect_row(find_api(rows_, "api_1"), kept + " store_encrypted_keys: true");
}

TEST_F(ApiProjector, IgnoresWhatHappensToAnUnknownApi) {
  given("api_deleted { api_id: 'api_1' }");
  given("keyspace_created { keyspace_id: 'ks_1' api_id: 'api_1' }");
  given("api_updated { api_id: 'api_1' delete_protection: true }");
  given("keyspace_updated { keyspace_id: 'ks_1' api_id: 'api_1' store_encrypted_keys: true }");
  EXPECT_EQ(keys(Table::kApis), Keys{});
}

}  // namespace
}  // namespace keyfold::projections::testing
