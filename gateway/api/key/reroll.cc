#include "gateway/api/key/reroll.h"

#include "gateway/api/key/key_json.h"
#include "gateway/api/key/new_secret.h"
#include "gateway/api/key/sealed_secret.h"
#include "schemas/base/random.h"

namespace keyfold::api {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::size_t kPrefixMax = 16;

// Expired at once means before any later instant, because a key still works in the millisecond of its expiry. A time
// to go on ends with a whole minute.
std::int64_t expiry_of_old(const Call& call) {
  const auto lasts_ms = call.body.at("expiration").get<std::int64_t>();
  if (lasts_ms == 0) return call.time_ms - 1;
  return (call.time_ms + lasts_ms + kMinuteMs - 1) / kMinuteMs * kMinuteMs;
}

// What the key was made with. A migrated key was not made here: its prefix is known from its first verification.
void set_form(const rows::KeyRow& key, const rows::ApiRow& api, v1::RerollKey& command) {
  const bool was_made_here = key.byte_length() != 0;
  const std::uint32_t fallback = api.default_byte_length() == 0 ? kSecretBytes : api.default_byte_length();
  command.set_byte_length(was_made_here ? key.byte_length() : fallback);
  std::string prefix = was_made_here ? key.prefix() : key.start().substr(0, key.start().find_last_of('_'));
  if (!was_made_here && (prefix.empty() || prefix.size() > kPrefixMax)) prefix = api.default_prefix();
  command.set_prefix(std::move(prefix));
}

}  // namespace

Answered<Step> plan_reroll(const Call& call, const Services& services, const rows::KeyRow& key,
                           const rows::ApiRow& api) {
  const bool is_recoverable = !key.sealed_secret().empty();
  if (is_recoverable && !api.store_encrypted_keys()) return refuse(keys_not_recoverable());
  Plan plan;
  auto& command = *plan.command.mutable_reroll_key();
  command.set_key_id(key.key_id());
  command.set_new_key_id(make_id("key"));
  command.set_expires_at_ms(expiry_of_old(call));
  set_form(key, api, command);
  const NewSecret secret = make_secret(command.prefix(), command.byte_length());
  command.set_hash(secret.hash.data(), secret.hash.size());
  command.set_start(secret.start);
  for (int i = 0; i < key.ratelimits_size(); ++i) command.add_ratelimit_ids(make_id("rl"));
  if (is_recoverable) {
    auto sealed = seal_secret(call, services, command.new_key_id(), secret.text, plan);
    if (!sealed) return refuse(std::move(sealed.error()));
    command.set_sealed_secret(*std::move(sealed));
  }
  plan.data_json = Json{{"keyId", command.new_key_id()}, {"key", secret.text}}.dump();
  plan.holds_secret = true;
  return plan;
}

}  // namespace keyfold::api
