#include "projections/root_key.h"

#include "projections/row_access.h"

namespace keyfold::projections {
namespace {

constexpr Table kTable = Table::kRootKeys;

void create(const events::Event& event, Overlay& rows) {
  const v1::RootKeyCreated& created = event.payload.root_key_created();
  rows::RootKeyRow row;
  row.set_root_key_id(created.root_key_id());
  row.set_workspace_id(created.workspace_id());
  row.set_name(created.name());
  row.set_hash(created.hash());
  row.set_start(created.start());
  *row.mutable_permissions() = created.permissions();
  if (created.has_expires_at_ms()) row.set_expires_at_ms(created.expires_at_ms());
  row.set_created_at_ms(event.header.time_ms());
  put_row(rows, kTable, row_key({"r/", created.root_key_id()}), row);
  rows.put(kTable, row_key({"n/", row.workspace_id(), "/", row.root_key_id()}), "");
}

void update(const events::Event& event, Overlay& rows) {
  const v1::RootKeyUpdated& updated = event.payload.root_key_updated();
  auto row = find_root_key(rows, updated.root_key_id());
  if (!row) return;
  if (updated.has_name()) row->set_name(updated.name());
  if (updated.has_enabled()) row->set_disabled(!updated.enabled());
  put_row(rows, kTable, row_key({"r/", row->root_key_id()}), *row);
}

void revoke(const events::Event& event, Overlay& rows) {
  const std::string& id = event.payload.root_key_revoked().root_key_id();
  auto row = find_root_key(rows, id);
  if (!row || row->revoked_at_ms() != 0) return;
  row->set_revoked_at_ms(event.header.time_ms());
  put_row(rows, kTable, row_key({"r/", id}), *row);
  rows.erase(kTable, row_key({"n/", row->workspace_id(), "/", id}));
}

}  // namespace

std::optional<rows::RootKeyRow> find_root_key(const RowReader& rows, std::string_view root_key_id) {
  return find_row<rows::RootKeyRow>(rows, kTable, row_key({"r/", root_key_id}));
}

void fold_root_key(const events::Event& event, Overlay& rows) {
  switch (event.payload.event_case()) {
    case v1::Payload::kRootKeyCreated:
      return create(event, rows);
    case v1::Payload::kRootKeyUpdated:
      return update(event, rows);
    case v1::Payload::kRootKeyRevoked:
      return revoke(event, rows);
    default:
      return;
  }
}

}  // namespace keyfold::projections
