#include "projections/key.h"

#include "projections/id_changes.h"
#include "projections/key_lists.h"
#include "projections/row_access.h"
#include "schemas/base/clock.h"

namespace keyfold::projections {
namespace {

constexpr Table kTable = Table::kKeys;

std::string listing_key(const rows::KeyRow& row) { return row_key({"a/", row.keyspace_id(), "/", row.key_id()}); }
std::string hash_key(const rows::KeyRow& row) { return row_key({"h/", row.hash()}); }
std::string migrated_hash_key(const rows::KeyRow& row) { return row_key({"m/", row.migrated_hash()}); }
std::string identity_key(const rows::KeyRow& row) { return row_key({"i/", row.identity_id(), "/", row.key_id()}); }

void put(Overlay& rows, const rows::KeyRow& row) { put_row(rows, kTable, row_key({"k/", row.key_id()}), row); }

void create(const events::Event& event, Overlay& rows) {
  const v1::KeyCreated& created = event.payload.key_created();
  rows::KeyRow row;
  row.set_key_id(created.key_id());
  row.set_workspace_id(event.header.workspace_id());
  row.set_api_id(created.api_id());
  row.set_keyspace_id(created.keyspace_id());
  const bool is_pending = !created.pending_migration_id().empty();
  if (is_pending) {
    row.set_migrated_hash(created.hash());
  } else {
    row.set_hash(created.hash());
  }
  row.set_pending_migration_id(created.pending_migration_id());
  row.set_start(created.start());
  row.set_prefix(created.prefix());
  row.set_byte_length(created.byte_length());
  row.set_name(created.name());
  row.set_identity_id(created.identity_id());
  row.set_meta_json(created.meta_json());
  if (created.has_expires_at_ms()) row.set_expires_at_ms(created.expires_at_ms());
  row.set_enabled(created.enabled());
  if (created.has_credits_remaining()) row.set_credits_remaining(created.credits_remaining());
  if (created.has_refill()) *row.mutable_refill() = created.refill();
  *row.mutable_ratelimits() = created.ratelimits();
  *row.mutable_permission_ids() = created.permission_ids();
  *row.mutable_role_ids() = created.role_ids();
  row.set_created_at_ms(event.header.time_ms());
  row.set_sealed_secret(created.sealed_secret());
  put(rows, row);
  rows.put(kTable, is_pending ? migrated_hash_key(row) : hash_key(row), row.key_id());
  rows.put(kTable, listing_key(row), "");
  if (!row.identity_id().empty()) rows.put(kTable, identity_key(row), "");
  if (row.has_refill()) list_refill(row, utc_day(event.header.time_ms()), rows);
  list_secret(row, rows);
}

void change_identity(rows::KeyRow& row, const std::string& identity_id, Overlay& rows) {
  if (row.identity_id() == identity_id) return;
  if (!row.identity_id().empty()) rows.erase(kTable, identity_key(row));
  row.set_identity_id(identity_id);
  if (!row.identity_id().empty()) rows.put(kTable, identity_key(row), "");
}

/// Everything but the identity: a member that is absent stays, one without a value is cleared.
void change_members(rows::KeyRow& row, const v1::KeyUpdated& updated) {
  if (updated.has_name()) row.set_name(updated.name().value());
  if (updated.has_meta_json()) row.set_meta_json(updated.meta_json().value());
  if (updated.has_expires_at()) {
    row.clear_expires_at_ms();
    if (updated.expires_at().has_value_ms()) row.set_expires_at_ms(updated.expires_at().value_ms());
  }
  if (updated.has_enabled()) row.set_enabled(updated.enabled());
  if (updated.has_credits()) {
    row.clear_credits_remaining();
    if (updated.credits().has_remaining()) row.set_credits_remaining(updated.credits().remaining());
  }
  if (updated.has_refill()) {
    row.clear_refill();
    if (updated.refill().has_value()) *row.mutable_refill() = updated.refill().value();
  }
  if (updated.has_ratelimits()) *row.mutable_ratelimits() = updated.ratelimits().items();
  if (updated.has_permission_ids()) *row.mutable_permission_ids() = updated.permission_ids().ids();
  if (updated.has_role_ids()) *row.mutable_role_ids() = updated.role_ids().ids();
}

std::optional<rows::KeyRow> find_live(const Overlay& rows, const std::string& key_id) {
  auto row = find_key(rows, key_id);
  if (row && row->deleted_at_ms() != 0) row.reset();
  return row;
}

void update(const events::Event& event, Overlay& rows) {
  const v1::KeyUpdated& updated = event.payload.key_updated();
  auto row = find_live(rows, updated.key_id());
  if (!row) return;
  if (updated.has_identity_id()) change_identity(*row, updated.identity_id().value(), rows);
  change_members(*row, updated);
  if (updated.has_refill()) list_refill(*row, utc_day(event.header.time_ms()), rows);
  row->set_updated_at_ms(event.header.time_ms());
  put(rows, *row);
}

void change_permissions(const events::Event& event, Overlay& rows) {
  const v1::KeyPermissionsChanged& changed = event.payload.key_permissions_changed();
  auto row = find_live(rows, changed.key_id());
  if (!row) return;
  change_ids(*row->mutable_permission_ids(), changed.connected_ids(), changed.disconnected_ids());
  row->set_updated_at_ms(event.header.time_ms());
  put(rows, *row);
}

void change_roles(const events::Event& event, Overlay& rows) {
  const v1::KeyRolesChanged& changed = event.payload.key_roles_changed();
  auto row = find_live(rows, changed.key_id());
  if (!row) return;
  change_ids(*row->mutable_role_ids(), changed.connected_ids(), changed.disconnected_ids());
  row->set_updated_at_ms(event.header.time_ms());
  put(rows, *row);
}

void remove(const events::Event& event, Overlay& rows) {
  const v1::KeyDeleted& deleted = event.payload.key_deleted();
  auto row = find_live(rows, deleted.key_id());
  if (!row) return;
  rows.erase(kTable, listing_key(*row));
  if (!row->identity_id().empty()) rows.erase(kTable, identity_key(*row));
  if (row->has_refill()) unlist_refill(*row, rows);
  if (deleted.permanent()) {
    if (!row->sealed_secret().empty()) unlist_secret(*row, rows);
    rows.erase(kTable, row_key({"k/", row->key_id()}));
    if (!row->hash().empty()) rows.erase(kTable, hash_key(*row));
    if (!row->migrated_hash().empty()) rows.erase(kTable, migrated_hash_key(*row));
    return;
  }
  row->set_deleted_at_ms(event.header.time_ms());
  put(rows, *row);
}

void spend(const events::Event& event, Overlay& rows) {
  const v1::KeyCreditsSpent& spent = event.payload.key_credits_spent();
  auto row = find_live(rows, spent.key_id());
  if (!row) return;
  row->set_credits_remaining(spent.remaining());
  put(rows, *row);
}

void refill(const events::Event& event, Overlay& rows) {
  const v1::KeyRefilled& refilled = event.payload.key_refilled();
  auto row = find_live(rows, refilled.key_id());
  if (!row) return;
  row->set_credits_remaining(refilled.amount());
  row->set_last_refill_day(refilled.day());
  row->set_updated_at_ms(event.header.time_ms());
  put(rows, *row);
}

void reroll(const events::Event& event, Overlay& rows) {
  const v1::KeyRerolled& rerolled = event.payload.key_rerolled();
  auto row = find_live(rows, rerolled.key_id());
  if (!row) return;
  row->set_expires_at_ms(rerolled.expires_at_ms());
  row->set_updated_at_ms(event.header.time_ms());
  put(rows, *row);
}

/// The whole secret is known from now on.
void complete_migration(const events::Event& event, Overlay& rows) {
  const v1::KeyMigrationCompleted& completed = event.payload.key_migration_completed();
  auto row = find_live(rows, completed.key_id());
  if (!row) return;
  row->clear_pending_migration_id();
  row->set_hash(completed.hash());
  row->set_start(completed.start());
  put(rows, *row);
  rows.put(kTable, hash_key(*row), row->key_id());
}

/// Nothing that a caller sees, so the key does not count as updated. Soft-deleted keys keep their ciphertext too.
void reseal(const events::Event& event, Overlay& rows) {
  const v1::KeySecretResealed& resealed = event.payload.key_secret_resealed();
  auto row = find_key(rows, resealed.key_id());
  if (!row) return;
  row->set_sealed_secret(resealed.sealed_secret());
  put(rows, *row);
  list_secret(*row, rows);
}

}  // namespace

std::optional<rows::KeyRow> find_key(const RowReader& rows, std::string_view key_id) {
  return find_row<rows::KeyRow>(rows, kTable, row_key({"k/", key_id}));
}

std::optional<std::string> find_key_id_by_hash(const RowReader& rows, std::string_view hash) {
  return rows.get(kTable, row_key({"h/", hash}));
}

std::optional<std::string> find_key_id_by_migrated_hash(const RowReader& rows, std::string_view hash) {
  return rows.get(kTable, row_key({"m/", hash}));
}

void fold_key(const events::Event& event, Overlay& rows) {
  switch (event.payload.event_case()) {
    case v1::Payload::kKeyCreated:
      return create(event, rows);
    case v1::Payload::kKeyUpdated:
      return update(event, rows);
    case v1::Payload::kKeyPermissionsChanged:
      return change_permissions(event, rows);
    case v1::Payload::kKeyRolesChanged:
      return change_roles(event, rows);
    case v1::Payload::kKeyDeleted:
      return remove(event, rows);
    case v1::Payload::kKeyCreditsSpent:
      return spend(event, rows);
    case v1::Payload::kKeyRefilled:
      return refill(event, rows);
    case v1::Payload::kKeyRerolled:
      return reroll(event, rows);
    case v1::Payload::kKeyMigrationCompleted:
      return complete_migration(event, rows);
    case v1::Payload::kKeySecretResealed:
      return reseal(event, rows);
    default:
      return;
  }
}

}  // namespace keyfold::projections
