#include "actors/aggregates/key.h"

#include "actors/aggregates/api.h"
#include "actors/aggregates/identity.h"
#include "actors/aggregates/key_fields.h"
#include "actors/aggregates/permission.h"
#include "actors/aggregates/ratelimit_set.h"
#include "actors/aggregates/role.h"
#include "projections/key.h"

namespace keyfold::actors {

tl::unexpected<Rejection> key_not_found() { return reject(RejectionCode::kKeyNotFound, "The key does not exist."); }

tl::unexpected<Rejection> keys_not_recoverable() {
  return reject(RejectionCode::kKeysNotRecoverable, "The API's keyspace does not keep keys in a recoverable form.");
}

std::optional<rows::KeyRow> find_live_key(const Context& context, const projections::RowReader& reader,
                                          std::string_view key_id) {
  auto key = projections::find_key(reader, key_id);
  if (!key || key->workspace_id() != context.workspace_id || key->deleted_at_ms() != 0) return std::nullopt;
  if (!find_live_api(context, reader, key->api_id())) return std::nullopt;
  return key;
}

Decided decide(const v1::CreateKey& command, const Context& context, const projections::RowReader& reader) {
  const auto api = find_live_api(context, reader, command.api_id());
  if (!api) return reject(RejectionCode::kApiNotFound, "The API does not exist.");
  if (!api->has_keyspace()) return reject(RejectionCode::kKeyspaceMissing, "The API has no keyspace for keys.");
  if (!command.sealed_secret().empty() && !api->store_encrypted_keys()) return keys_not_recoverable();
  if (projections::find_key(reader, command.key_id())) return reject(RejectionCode::kIdTaken, "The key id is taken.");
  if (projections::find_key_id_by_hash(reader, command.hash())) {
    return reject(RejectionCode::kIdTaken, "A key with this secret exists already.");
  }
  if (const auto checked = check_credits(command); !checked) return tl::unexpected(checked.error());
  const auto role_ids = resolve_roles(command.roles(), context, reader);
  if (!role_ids) return tl::unexpected(role_ids.error());
  Decision decision;
  auto created = plan_key(command, *api, *role_ids, context, reader, decision);
  if (!created) return tl::unexpected(std::move(created.error()));
  *decision.plan("key", command.key_id()).mutable_key_created() = *std::move(created);
  return decision;
}

Decided decide(const v1::UpdateKey& command, const Context& context, const projections::RowReader& reader) {
  const auto key = find_live_key(context, reader, command.key_id());
  if (!key) return key_not_found();
  if (command.credits().remaining() < 0) return negative_credits();
  if (command.refill().has_value()) {
    const v1::Refill& refill = command.refill().value();
    if (refill.interval() == v1::Refill::MONTHLY && refill.refill_day() == 0) return monthly_without_day();
    if (refill.interval() == v1::Refill::DAILY && refill.refill_day() != 0) {
      return reject(RejectionCode::kInvalidInput, "`credits.refill.refillDay` is only for the monthly interval.");
    }
  }

  Decision decision;
  v1::KeyUpdated updated;
  updated.set_key_id(command.key_id());
  if (command.has_roles()) {
    const auto role_ids = resolve_roles(command.roles().names(), context, reader);
    if (!role_ids) return tl::unexpected(role_ids.error());
    updated.mutable_role_ids()->mutable_ids()->Assign(role_ids->begin(), role_ids->end());
  }
  if (command.has_link_identity()) {
    auto identity_id = resolve_identity(command.link_identity(), context, reader, decision);
    if (!identity_id) return tl::unexpected(std::move(identity_id.error()));
    updated.mutable_identity_id()->set_value(*std::move(identity_id));
  } else if (command.unlink_identity()) {
    updated.mutable_identity_id();
  }
  if (command.has_permissions()) {
    const auto permission_ids = resolve_permissions(command.permissions().items(), context, reader, decision);
    if (!permission_ids) return tl::unexpected(permission_ids.error());
    updated.mutable_permission_ids()->mutable_ids()->Assign(permission_ids->begin(), permission_ids->end());
  }
  if (command.has_name()) *updated.mutable_name() = command.name();
  if (command.has_meta_json()) *updated.mutable_meta_json() = command.meta_json();
  if (command.has_expires_at()) *updated.mutable_expires_at() = command.expires_at();
  if (command.has_enabled()) updated.set_enabled(command.enabled());
  if (command.has_credits()) {
    *updated.mutable_credits() = command.credits();
    const bool becomes_unlimited = !command.credits().has_remaining();
    if (becomes_unlimited) updated.mutable_refill();
  }
  if (command.has_refill()) *updated.mutable_refill() = command.refill();
  if (command.has_ratelimits()) {
    *updated.mutable_ratelimits()->mutable_items() =
        resolve_ratelimits(command.ratelimits().items(), key->ratelimits());
  }
  *decision.plan("key", command.key_id()).mutable_key_updated() = std::move(updated);
  return decision;
}

Decided decide(const v1::DeleteKey& command, const Context& context, const projections::RowReader& reader) {
  if (!find_live_key(context, reader, command.key_id())) return key_not_found();
  Decision decision;
  auto& deleted = *decision.plan("key", command.key_id()).mutable_key_deleted();
  deleted.set_key_id(command.key_id());
  deleted.set_permanent(command.permanent());
  return decision;
}

Decided decide(const v1::SpendCredits& command, const Context& context, const projections::RowReader& reader) {
  if (command.cost() < 0) return reject(RejectionCode::kInvalidInput, "`credits.cost` must not be negative.");
  const auto key = find_live_key(context, reader, command.key_id());
  if (!key) return key_not_found();
  if (!key->enabled()) return reject(RejectionCode::kKeyDisabled, "The key is disabled.");
  // The instant of expiry itself still passes, as in verification.
  if (key->has_expires_at_ms() && context.time_ms > key->expires_at_ms()) {
    return reject(RejectionCode::kKeyExpired, "The key has expired.");
  }
  Decision decision;
  if (!key->has_credits_remaining()) return decision;
  if (key->credits_remaining() < command.cost()) {
    return tl::unexpected(
        Rejection{RejectionCode::kCreditsExceeded, "The key has too few credits left.", key->credits_remaining()});
  }
  decision.credits_remaining = key->credits_remaining() - command.cost();
  if (command.cost() == 0) return decision;
  auto& spent = *decision.plan("key", command.key_id()).mutable_key_credits_spent();
  spent.set_key_id(command.key_id());
  spent.set_cost(command.cost());
  spent.set_remaining(*decision.credits_remaining);
  return decision;
}

}  // namespace keyfold::actors
