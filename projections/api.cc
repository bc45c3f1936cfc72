#include "projections/api.h"

#include "projections/row_access.h"

namespace keyfold::projections {
namespace {

constexpr Table kTable = Table::kApis;

void put(Overlay& rows, const rows::ApiRow& row) { put_row(rows, kTable, row_key({"a/", row.api_id()}), row); }

void create(const events::Event& event, Overlay& rows) {
  const v1::ApiCreated& created = event.payload.api_created();
  rows::ApiRow row;
  row.set_api_id(created.api_id());
  row.set_workspace_id(event.header.workspace_id());
  row.set_name(created.name());
  row.set_keyspace_id(created.keyspace_id());
  row.set_created_at_ms(event.header.time_ms());
  put(rows, row);
  rows.put(kTable, row_key({"n/", row.workspace_id(), "/", row.api_id()}), "");
}

void remove(const events::Event& event, Overlay& rows) {
  auto row = find_api(rows, event.payload.api_deleted().api_id());
  if (!row || row->deleted_at_ms() != 0) return;
  row->set_deleted_at_ms(event.header.time_ms());
  put(rows, *row);
}

void update(const events::Event& event, Overlay& rows) {
  const v1::ApiUpdated& updated = event.payload.api_updated();
  auto row = find_api(rows, updated.api_id());
  if (!row) return;
  if (updated.has_delete_protection()) row->set_delete_protection(updated.delete_protection());
  if (updated.has_ip_allowlist()) *row->mutable_ip_allowlist() = updated.ip_allowlist().addresses();
  put(rows, *row);
}

void add_keyspace(const events::Event& event, Overlay& rows) {
  const v1::KeyspaceCreated& created = event.payload.keyspace_created();
  auto row = find_api(rows, created.api_id());
  if (!row) return;
  row->set_keyspace_id(created.keyspace_id());
  row->set_default_prefix(created.default_prefix());
  row->set_default_byte_length(created.default_byte_length());
  row->set_store_encrypted_keys(created.store_encrypted_keys());
  row->set_has_keyspace(true);
  put(rows, *row);
  rows.put(kTable, row_key({"s/", created.keyspace_id()}), created.api_id());
}

void update_keyspace(const events::Event& event, Overlay& rows) {
  const v1::KeyspaceUpdated& updated = event.payload.keyspace_updated();
  auto row = find_api(rows, updated.api_id());
  if (!row) return;
  if (updated.has_default_prefix()) row->set_default_prefix(updated.default_prefix());
  if (updated.has_default_byte_length()) row->set_default_byte_length(updated.default_byte_length());
  if (updated.has_store_encrypted_keys()) row->set_store_encrypted_keys(updated.store_encrypted_keys());
  put(rows, *row);
}

}  // namespace

std::optional<rows::ApiRow> find_api(const RowReader& rows, std::string_view api_id) {
  return find_row<rows::ApiRow>(rows, kTable, row_key({"a/", api_id}));
}

std::optional<std::string> find_api_id_by_keyspace(const RowReader& rows, std::string_view keyspace_id) {
  return rows.get(kTable, row_key({"s/", keyspace_id}));
}

void fold_api(const events::Event& event, Overlay& rows) {
  switch (event.payload.event_case()) {
    case v1::Payload::kApiCreated:
      return create(event, rows);
    case v1::Payload::kApiDeleted:
      return remove(event, rows);
    case v1::Payload::kApiUpdated:
      return update(event, rows);
    case v1::Payload::kKeyspaceCreated:
      return add_keyspace(event, rows);
    case v1::Payload::kKeyspaceUpdated:
      return update_keyspace(event, rows);
    default:
      return;
  }
}

}  // namespace keyfold::projections
