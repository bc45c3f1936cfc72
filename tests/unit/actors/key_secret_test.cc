// The ciphertext of recoverable keys in decisions and rows.
#include <gtest/gtest.h>

#include "tests/unit/actors/scenario.h"

namespace keyfold::actors::testing {
namespace {

const std::string kWorkspace = "workspace_created { workspace_id: 'ws_1' name: 'one' }";
const std::string kApi = "api_created { api_id: 'api_1' name: 'payments' keyspace_id: 'ks_1' }";
const std::string kKeyspace = "keyspace_created { keyspace_id: 'ks_1' api_id: 'api_1' store_encrypted_keys: true }";
const std::string kKey =
    "key_created { key_id: 'key_1' api_id: 'api_1' keyspace_id: 'ks_1' hash: 'h1' enabled: true sealed_secret: 's1' }";
const std::string kCreate =
    "create_key { key_id: 'key_1' api_id: 'api_1' hash: 'h1' enabled: true sealed_secret: 's1' }";
const std::string kReseal = "reseal_key { key_id: 'key_1' expected: 's1' sealed_secret: 's2' }";
const std::string kResealed = "key_secret_resealed { key_id: 'key_1' sealed_secret: 's2' }";

Given given_key() { return given({kWorkspace, kApi, kKeyspace, kKey}); }

TEST(RecoverableKey, IsMadeWithItsCiphertextInAKeyspaceThatKeepsIt) {
  given({kWorkspace, kApi, kKeyspace}).when(kCreate).then({kKey});
}

TEST(RecoverableKey, IsRefusedInAKeyspaceThatKeepsNone) {
  const std::string keeps_none = "keyspace_created { keyspace_id: 'ks_1' api_id: 'api_1' }";
  const std::string stops = "keyspace_updated { keyspace_id: 'ks_1' api_id: 'api_1' store_encrypted_keys: false }";
  const std::string starts = "keyspace_updated { keyspace_id: 'ks_1' api_id: 'api_1' store_encrypted_keys: true }";
  given({kWorkspace, kApi, keeps_none}).when(kCreate).then(RejectionCode::kKeysNotRecoverable);
  given({kWorkspace, kApi, kKeyspace, stops}).when(kCreate).then(RejectionCode::kKeysNotRecoverable);
  given({kWorkspace, kApi, keeps_none, starts}).when(kCreate).then({kKey});
}

TEST(ResealKey, PutsTheNewCiphertextInThePlaceOfTheExpectedOne) { given_key().when(kReseal).then({kResealed}); }

TEST(ResealKey, LetsAChangeInBetweenWin) {
  given_key().and_given({kResealed}).when(kReseal).then({});
  given_key().when("reseal_key { key_id: 'key_1' expected: 's0' sealed_secret: 's2' }").then({});
}

TEST(ResealKey, DoesNothingForAKeyThatIsGoneOrHasNoCiphertext) {
  const std::string plain = "key_created { key_id: 'key_1' api_id: 'api_1' keyspace_id: 'ks_1' hash: 'h1' }";
  given({kWorkspace, kApi, kKeyspace}).when(kReseal).then({});
  given({kWorkspace, kApi, kKeyspace, plain}).when("reseal_key { key_id: 'key_1' sealed_secret: 's2' }").then({});
  given_key().and_given({"key_deleted { key_id: 'key_1' permanent: true }"}).when(kReseal).then({});
  given({kWorkspace}).and_given({kWorkspace, kApi, kKeyspace, kKey}, "ws_2").when(kReseal).then({});
}

TEST(ResealKey, KeepsSoftDeletedKeysReadableToo) {
  given_key().and_given({"key_deleted { key_id: 'key_1' }"}).when(kReseal).then({kResealed});
}

TEST(ResealKey, NeedsACiphertext) {
  given_key().when("reseal_key { key_id: 'key_1' expected: 's1' }").then(RejectionCode::kInvalidInput);
}

}  // namespace
}  // namespace keyfold::actors::testing
