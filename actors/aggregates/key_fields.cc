#include "actors/aggregates/key_fields.h"

#include "actors/aggregates/identity.h"
#include "actors/aggregates/permission.h"
#include "actors/aggregates/ratelimit_set.h"

namespace keyfold::actors {
namespace {

void set_credits(const v1::CreateKey& command, v1::KeyCreated& created) {
  if (command.has_credits_remaining()) created.set_credits_remaining(command.credits_remaining());
  if (!command.has_refill()) return;
  *created.mutable_refill() = command.refill();
  if (command.refill().interval() == v1::Refill::DAILY) created.mutable_refill()->set_refill_day(0);
}

}  // namespace

tl::unexpected<Rejection> monthly_without_day() {
  return reject(RejectionCode::kInvalidInput, "`credits.refill.refillDay` is required when the interval is monthly.");
}

tl::unexpected<Rejection> negative_credits() {
  return reject(RejectionCode::kInvalidInput, "`credits.remaining` must not be negative.");
}

tl::expected<void, Rejection> check_credits(const v1::CreateKey& command) {
  if (command.credits_remaining() < 0) return negative_credits();
  if (!command.has_refill()) return {};
  if (!command.has_credits_remaining()) {
    return reject(RejectionCode::kInvalidInput,
                  "A refill needs `credits.remaining`: an unlimited key has nothing to refill.");
  }
  if (command.refill().interval() == v1::Refill::MONTHLY && command.refill().refill_day() == 0) {
    return monthly_without_day();
  }
  return {};
}

tl::expected<v1::KeyCreated, Rejection> plan_key(const v1::CreateKey& command, const rows::ApiRow& api,
                                                 std::span<const std::string> role_ids, const Context& context,
                                                 const projections::RowReader& reader, Decision& decision) {
  v1::KeyCreated created;
  if (command.has_identity()) {
    auto identity_id = resolve_identity(command.identity(), context, reader, decision);
    if (!identity_id) return tl::unexpected(std::move(identity_id.error()));
    created.set_identity_id(*std::move(identity_id));
  }
  const auto permission_ids = resolve_permissions(command.permissions(), context, reader, decision);
  if (!permission_ids) return tl::unexpected(permission_ids.error());
  created.set_key_id(command.key_id());
  created.set_api_id(api.api_id());
  created.set_keyspace_id(api.keyspace_id());
  created.set_hash(command.hash());
  created.set_start(command.start());
  created.set_prefix(command.prefix());
  created.set_byte_length(command.byte_length());
  created.set_name(command.name());
  created.set_meta_json(command.meta_json());
  if (command.has_expires_at_ms()) created.set_expires_at_ms(command.expires_at_ms());
  created.set_enabled(command.enabled());
  set_credits(command, created);
  *created.mutable_ratelimits() = resolve_ratelimits(command.ratelimits(), {});
  created.mutable_permission_ids()->Assign(permission_ids->begin(), permission_ids->end());
  created.mutable_role_ids()->Assign(role_ids.begin(), role_ids.end());
  created.set_sealed_secret(command.sealed_secret());
  return created;
}

}  // namespace keyfold::actors
