#include "gateway/api/api/endpoints.h"
#include "gateway/api/key/endpoints.h"
#include "gateway/api/key/key_fields.h"
#include "gateway/api/key/key_json.h"
#include "gateway/api/key/new_secret.h"
#include "gateway/api/key/sealed_secret.h"
#include "schemas/base/random.h"

namespace keyfold::api {
namespace {

// The request's value, else the keyspace's, else ours.
NewSecret secret_for(const Call& call, const rows::ApiRow& api, v1::CreateKey& command) {
  const auto* prefix = call.find("prefix");
  const auto* byte_length = call.find("byteLength");
  const std::uint32_t fallback = api.default_byte_length() == 0 ? kSecretBytes : api.default_byte_length();
  command.set_prefix(prefix != nullptr ? prefix->get<std::string>() : api.default_prefix());
  command.set_byte_length(byte_length != nullptr ? byte_length->get<std::uint32_t>() : fallback);
  NewSecret secret = make_secret(command.prefix(), command.byte_length());
  command.set_hash(secret.hash.data(), secret.hash.size());
  command.set_start(secret.start);
  return secret;
}

}  // namespace

Answered<Step> create_key(const Call& call, const Services& services) {
  const std::string& api_id = call.text("apiId");
  const auto api = find_live_api(call, services, api_id);
  if (!api) return refuse(api_not_found());
  const std::string keyspace = "keyspaces/" + api->keyspace_id();
  if (!may_on_api(call, api_id, "create_key", keyspace)) return refuse(api_not_found());
  if (!api->has_keyspace()) return refuse(precondition_failed("The API has no keyspace for keys."));
  const bool is_recoverable = call.body.value("recoverable", false);
  if (is_recoverable) {
    if (!may_on_api(call, api_id, "encrypt_key", keyspace + "/keys/*")) return refuse(api_not_found());
    if (!api->store_encrypted_keys()) return refuse(keys_not_recoverable());
  }
  Plan plan;
  auto& command = *plan.command.mutable_create_key();
  command.set_key_id(make_id("key"));
  command.set_api_id(api_id);
  read_new_key(call.body, command);
  if (const auto* roles = call.find("roles")) {
    for (const auto& name : *roles) command.add_roles(name.get<std::string>());
  }
  const NewSecret secret = secret_for(call, *api, command);
  if (is_recoverable) {
    auto sealed = seal_secret(call, services, command.key_id(), secret.text, plan);
    if (!sealed) return refuse(sealed.error());
    command.set_sealed_secret(*std::move(sealed));
  }
  plan.data_json = Json{{"keyId", command.key_id()}, {"key", secret.text}}.dump();
  plan.holds_secret = true;
  return plan;
}

}  // namespace keyfold::api
