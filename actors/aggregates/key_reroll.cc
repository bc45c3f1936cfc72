#include "actors/aggregates/key_reroll.h"

#include <algorithm>

#include "actors/aggregates/api.h"
#include "actors/aggregates/key.h"
#include "projections/key.h"

namespace keyfold::actors {
namespace {

std::optional<Rejection> refusal(const v1::RerollKey& command, const rows::KeyRow& key, const Context& context,
                                 const projections::RowReader& reader) {
  if (projections::find_key(reader, command.new_key_id())) {
    return Rejection{RejectionCode::kIdTaken, "The key id is taken."};
  }
  if (projections::find_key_id_by_hash(reader, command.hash())) {
    return Rejection{RejectionCode::kIdTaken, "A key with this secret exists already."};
  }
  if (command.ratelimit_ids_size() < key.ratelimits_size()) {
    return Rejection{RejectionCode::kIdTaken, "The key has got more rate limits in the meantime."};
  }
  if (key.sealed_secret().empty()) return std::nullopt;
  if (!find_live_api(context, reader, key.api_id())->store_encrypted_keys()) return keys_not_recoverable().value();
  if (command.sealed_secret().empty()) return Rejection{RejectionCode::kInvalidInput, "The ciphertext is missing."};
  return std::nullopt;
}

void copy_members(const rows::KeyRow& key, v1::KeyCreated& created) {
  created.set_api_id(key.api_id());
  created.set_keyspace_id(key.keyspace_id());
  created.set_name(key.name());
  created.set_identity_id(key.identity_id());
  created.set_meta_json(key.meta_json());
  if (key.has_expires_at_ms()) created.set_expires_at_ms(key.expires_at_ms());
  created.set_enabled(key.enabled());
  if (key.has_credits_remaining()) created.set_credits_remaining(key.credits_remaining());
  if (key.has_refill()) *created.mutable_refill() = key.refill();
  *created.mutable_ratelimits() = key.ratelimits();
  *created.mutable_permission_ids() = key.permission_ids();
  *created.mutable_role_ids() = key.role_ids();
}

void plan_new_key(const v1::RerollKey& command, const rows::KeyRow& key, Decision& decision) {
  auto& created = *decision.plan("key", command.new_key_id()).mutable_key_created();
  copy_members(key, created);
  created.set_key_id(command.new_key_id());
  created.set_hash(command.hash());
  created.set_start(command.start());
  created.set_prefix(command.prefix());
  created.set_byte_length(command.byte_length());
  created.set_rerolled_from(key.key_id());
  for (int i = 0; i < created.ratelimits_size(); ++i) {
    created.mutable_ratelimits(i)->set_ratelimit_id(command.ratelimit_ids(i));
  }
  if (!key.sealed_secret().empty()) created.set_sealed_secret(command.sealed_secret());
}

}  // namespace

Decided decide(const v1::RerollKey& command, const Context& context, const projections::RowReader& reader) {
  const auto key = find_live_key(context, reader, command.key_id());
  if (!key) return key_not_found();
  if (auto refused = refusal(command, *key, context, reader)) return tl::unexpected(*std::move(refused));
  Decision decision;
  plan_new_key(command, *key, decision);
  auto& rerolled = *decision.plan("key", key->key_id()).mutable_key_rerolled();
  rerolled.set_key_id(key->key_id());
  rerolled.set_new_key_id(command.new_key_id());
  rerolled.set_expires_at_ms(key->has_expires_at_ms() ? std::min(key->expires_at_ms(), command.expires_at_ms())
                                                      : command.expires_at_ms());
  return decision;
}

}  // namespace keyfold::actors
