// Keys whose secret can be shown again. The keyspace's opt-in is an event on the log, as `apis.updateSettings` puts it.
#include <gtest/gtest.h>

#include "projections/key.h"
#include "projections/key_lists.h"
#include "tests/unit/api/api_fixture.h"

namespace keyfold::api::testing {
namespace {

using nlohmann::json;

class RecoverableKey : public ::testing::Test {
 protected:
  RecoverableKey() : root_(server_.make_root_key("ws_main", {"administrator"})) {
    api_ = post("apis.createApi", {{"name", "payments"}})["data"]["apiId"];
    allow(true);
  }
  json post(const std::string& operation, const json& body) { return post_as(root_, operation, body); }
  json post_as(const std::string& root_key, const std::string& operation, const json& body,
               const HeaderList& headers = {}) {
    return server_.post("/v2/" + operation, body, root_key, headers);
  }
  void allow(bool ciphertext) {
    server_.restart_after("ws_main", "keyspace_updated { api_id: '" + api_ +
                                         "' store_encrypted_keys: " + (ciphertext ? "true" : "false") + " }");
  }
  json create(const json& more = {}) {
    json body = {{"apiId", api_}, {"recoverable", true}};
    if (more.is_object()) body.update(more);
    return post("keys.createKey", body)["data"];
  }
  json get(const std::string& key_id) { return post("keys.getKey", {{"keyId", key_id}, {"decrypt", true}}); }
  rows::KeyRow row(const std::string& key_id) {
    const auto partition = events::partition_of("ws_main", server_.projections->partitions());
    return projections::find_key(server_.projections->reader(partition), key_id).value_or(rows::KeyRow());
  }
  /// Every payload on the log.
  std::string log_bytes() {
    std::string bytes;
    for (events::PartitionId partition = 0; partition < server_.log->partitions(); ++partition) {
      const auto read = server_.log->read(partition, 0, 1'000, [&](events::Sequence, events::RecordView record) {
        bytes.append(record.header).append(record.payload);
        return true;
      });
      EXPECT_TRUE(read);
    }
    return bytes;
  }
  double decryptions(const std::string& outcome) {
    const std::string name = "keyfold_key_decryptions_total{outcome=\"" + outcome + "\"} ";
    const std::string text = server_.metrics->render();
    const auto at = text.find(name);
    return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size()));
  }

  ApiFixture server_;
  std::string root_;
  std::string api_;
};

TEST_F(RecoverableKey, IsShownAgainToWhoAsksForIt) {
  const json made = create({{"prefix", "sk"}});
  EXPECT_EQ(get(made["keyId"])["data"]["plaintext"], made["key"]);
  EXPECT_FALSE(post("keys.getKey", {{"keyId", made["keyId"]}})["data"].contains("plaintext"));
  const json listed = post("apis.listKeys", {{"apiId", api_}, {"decrypt", true}})["data"];
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed[0]["plaintext"], made["key"]);
  EXPECT_FALSE(post("apis.listKeys", {{"apiId", api_}})["data"][0].contains("plaintext"));
  EXPECT_EQ(decryptions("opened"), 2);
}

TEST_F(RecoverableKey, IsShownAfterARestartToo) {
  const json made = create();
  server_.restart();
  EXPECT_EQ(get(made["keyId"])["data"]["plaintext"], made["key"]);
}

TEST_F(RecoverableKey, LeavesOnlyCiphertextOnTheLog) {
  const json made = create();
  const std::string secret = made["key"];
  EXPECT_EQ(log_bytes().find(secret), std::string::npos);
  EXPECT_FALSE(row(made["keyId"]).sealed_secret().empty());
}

TEST_F(RecoverableKey, IsMadeOnlyWhereTheKeyspaceKeepsCiphertext) {
  allow(false);
  EXPECT_EQ(post("keys.createKey", {{"apiId", api_}, {"recoverable", true}})["error"]["status"], 412);
}

TEST_F(RecoverableKey, IsShownOnlyWhileTheKeyspaceKeepsCiphertext) {
  const json made = create();
  allow(false);
  EXPECT_EQ(get(made["keyId"])["error"]["status"], 412);
  EXPECT_EQ(post("apis.listKeys", {{"apiId", api_}, {"decrypt", true}})["error"]["status"], 412);
}

TEST_F(RecoverableKey, NeedsTheRightToEncryptOrElseThereIsNoApi) {
  const auto creator = server_.make_root_key("ws_main", {"api.*.create_key"});
  const auto encryptor = server_.make_root_key("ws_main", {"api.*.create_key", "api." + api_ + ".encrypt_key"});
  const json body = {{"apiId", api_}, {"recoverable", true}};
  const json refused = post_as(creator, "keys.createKey", body);
  EXPECT_EQ(refused["error"]["status"], 404);
  EXPECT_EQ(refused["error"]["detail"],
            post_as(creator, "keys.createKey", {{"apiId", "api_absent00"}})["error"]["detail"]);
  EXPECT_TRUE(post_as(encryptor, "keys.createKey", body).contains("data"));
}

TEST_F(RecoverableKey, NeedsTheRightToDecryptBeforeAnythingElseIsSaid) {
  const json made = create();
  const auto reader = server_.make_root_key("ws_main", {"api.*.read_key", "api.*.read_api"});
  const auto decryptor = server_.make_root_key("ws_main", {"api.*.read_key", "api.*.read_api", "api.*.decrypt_key"});
  const json one = {{"keyId", made["keyId"]}, {"decrypt", true}};
  const json all = {{"apiId", api_}, {"decrypt", true}};
  EXPECT_EQ(post_as(reader, "keys.getKey", one)["error"]["status"], 403);
  EXPECT_EQ(post_as(reader, "apis.listKeys", all)["error"]["status"], 403);
  EXPECT_EQ(post_as(decryptor, "keys.getKey", one)["data"]["plaintext"], made["key"]);
  EXPECT_EQ(post_as(decryptor, "apis.listKeys", all)["data"][0]["plaintext"], made["key"]);
  allow(false);
  EXPECT_EQ(post_as(reader, "keys.getKey", one)["error"]["status"], 403);
}

TEST_F(RecoverableKey, WithoutCiphertextIsShownWithoutPlaintext) {
  const json made = post("keys.createKey", {{"apiId", api_}})["data"];
  const json shown = get(made["keyId"])["data"];
  EXPECT_EQ(shown["keyId"], made["keyId"]);
  EXPECT_FALSE(shown.contains("plaintext"));
  EXPECT_EQ(decryptions("absent"), 1);
}

TEST_F(RecoverableKey, IsShownWithoutPlaintextWhenTheVaultFails) {
  const json made = create();
  const json other = create();
  server_.restart_after("ws_main", "key_secret_resealed { key_id: '" + made["keyId"].get<std::string>() +
                                       "' sealed_secret: 'no ciphertext' }");
  const json shown = get(made["keyId"]);
  EXPECT_EQ(shown["data"]["keyId"], made["keyId"]);
  EXPECT_FALSE(shown["data"].contains("plaintext"));
  EXPECT_EQ(decryptions("failed"), 1);
  int with_plaintext = 0;
  const json listed = post("apis.listKeys", {{"apiId", api_}, {"decrypt", true}});
  for (const json& row : listed["data"]) {
    with_plaintext += row.contains("plaintext") ? 1 : 0;
  }
  EXPECT_EQ(with_plaintext, 1) << "only the damaged one is left without";
}

TEST_F(RecoverableKey, GivesItsCiphertextToNoOtherKey) {
  const json made = create();
  const json other = create();
  const std::string taken = row(made["keyId"]).sealed_secret();
  v1::KeySecretResealed swap;
  swap.set_key_id(other["keyId"]);
  swap.set_sealed_secret(taken);
  server_.restart_after("ws_main", "key_secret_resealed { " + swap.ShortDebugString() + " }");
  EXPECT_EQ(row(other["keyId"]).sealed_secret(), taken);
  EXPECT_FALSE(get(other["keyId"])["data"].contains("plaintext"));
}

TEST_F(RecoverableKey, LosesItsCiphertextWhenItIsDeletedForGood) {
  const std::string id = create()["keyId"];
  const auto partition = events::partition_of("ws_main", server_.projections->partitions());
  const auto list = projections::list_prefix(projections::kSecretList, "ws_main") + id;
  const auto& rows = server_.projections->reader(partition);
  EXPECT_TRUE(rows.get(projections::Table::kKeys, list));
  EXPECT_TRUE(post("keys.deleteKey", {{"keyId", id}, {"permanent", true}}).contains("data"));
  EXPECT_EQ(row(id).key_id(), "");
  EXPECT_FALSE(rows.get(projections::Table::kKeys, list));
}

TEST_F(RecoverableKey, IsTheSameForARepeatWithItsIdempotencyKey) {
  const HeaderList headers = {{"Idempotency-Key", "once"}};
  const json body = {{"apiId", api_}, {"recoverable", true}};
  const json first = post_as(root_, "keys.createKey", body, headers)["data"];
  const json again = post_as(root_, "keys.createKey", body, headers)["data"];
  EXPECT_EQ(again, first);
  EXPECT_EQ(get(first["keyId"])["data"]["plaintext"], first["key"]);
}

TEST_F(RecoverableKey, HoldsItsDataKeyOnlyUntilItIsMade) {
  const std::string id = create()["keyId"];
  EXPECT_FALSE(server_.vault->is_held(projections::data_key_of(row(id).sealed_secret())));
}

}  // namespace
}  // namespace keyfold::api::testing
