#include "projections/identity.h"

#include "projections/row_access.h"

namespace keyfold::projections {
namespace {

constexpr Table kTable = Table::kIdentities;

std::string identity_key(std::string_view identity_id) { return row_key({"i/", identity_id}); }
std::string deleted_key(std::string_view identity_id) { return row_key({"d/", identity_id}); }
std::string external_key(std::string_view workspace_id, std::string_view external_id) {
  return row_key({"e/", workspace_id, "/", external_id});
}
std::string listing_key(const rows::IdentityRow& row) {
  return row_key({"n/", row.workspace_id(), "/", row.identity_id()});
}

void create(const events::Event& event, Overlay& rows) {
  const v1::IdentityCreated& created = event.payload.identity_created();
  rows::IdentityRow row;
  row.set_identity_id(created.identity_id());
  row.set_workspace_id(event.header.workspace_id());
  row.set_external_id(created.external_id());
  row.set_meta_json(created.meta_json());
  row.set_created_at_ms(event.header.time_ms());
  *row.mutable_ratelimits() = created.ratelimits();
  put_row(rows, kTable, identity_key(row.identity_id()), row);
  rows.put(kTable, external_key(row.workspace_id(), row.external_id()), row.identity_id());
  rows.put(kTable, listing_key(row), row.external_id());
}

void update(const events::Event& event, Overlay& rows) {
  const v1::IdentityUpdated& updated = event.payload.identity_updated();
  auto row = find_identity(rows, updated.identity_id());
  if (!row) return;
  if (updated.has_meta_json()) row->set_meta_json(updated.meta_json().value());
  if (updated.has_ratelimits()) *row->mutable_ratelimits() = updated.ratelimits().items();
  put_row(rows, kTable, identity_key(row->identity_id()), *row);
}

void remove(const events::Event& event, Overlay& rows) {
  const auto row = find_identity(rows, event.payload.identity_deleted().identity_id());
  if (!row) return;
  rows.erase(kTable, identity_key(row->identity_id()));
  rows.erase(kTable, external_key(row->workspace_id(), row->external_id()));
  rows.erase(kTable, listing_key(*row));
  rows.put(kTable, deleted_key(row->identity_id()), "");
}

}  // namespace

std::optional<rows::IdentityRow> find_identity(const RowReader& rows, std::string_view identity_id) {
  return find_row<rows::IdentityRow>(rows, kTable, identity_key(identity_id));
}

std::optional<std::string> find_identity_id_by_external_id(const RowReader& rows, std::string_view workspace_id,
                                                           std::string_view external_id) {
  return rows.get(kTable, external_key(workspace_id, external_id));
}

bool is_used_identity_id(const RowReader& rows, std::string_view identity_id) {
  return rows.get(kTable, identity_key(identity_id)) || rows.get(kTable, deleted_key(identity_id));
}

void fold_identity(const events::Event& event, Overlay& rows) {
  switch (event.payload.event_case()) {
    case v1::Payload::kIdentityCreated:
      return create(event, rows);
    case v1::Payload::kIdentityUpdated:
      return update(event, rows);
    case v1::Payload::kIdentityDeleted:
      return remove(event, rows);
    default:
      return;
  }
}

}  // namespace keyfold::projections
