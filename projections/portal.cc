#include "projections/portal.h"

#include "projections/row_access.h"

namespace keyfold::projections {
namespace {

constexpr Table kTable = Table::kPortals;

void put(Overlay& rows, const rows::PortalRow& row) { put_row(rows, kTable, row_key({"p/", row.portal_id()}), row); }
void put(Overlay& rows, const rows::PortalSessionRow& row) {
  put_row(rows, kTable, row_key({"s/", row.session_id()}), row);
}

void create(const events::Event& event, Overlay& rows) {
  const v1::PortalCreated& created = event.payload.portal_created();
  rows::PortalRow row;
  row.set_portal_id(created.portal_id());
  row.set_workspace_id(event.header.workspace_id());
  row.set_slug(created.slug());
  *row.mutable_api_ids() = created.api_ids();
  row.set_base_url(created.base_url());
  row.set_enabled(created.enabled());
  row.set_created_at_ms(event.header.time_ms());
  put(rows, row);
  rows.put(kTable, row_key({"n/", row.workspace_id(), "/", row.slug()}), row.portal_id());
  rows.put(kTable, row_key({"l/", row.workspace_id(), "/", row.portal_id()}), "");
}

void update(const events::Event& event, Overlay& rows) {
  const v1::PortalUpdated& updated = event.payload.portal_updated();
  auto row = find_portal(rows, updated.portal_id());
  if (!row) return;
  if (updated.has_enabled()) row->set_enabled(updated.enabled());
  put(rows, *row);
}

void create_session(const events::Event& event, Overlay& rows) {
  const v1::PortalSessionCreated& created = event.payload.portal_session_created();
  rows::PortalSessionRow row;
  row.set_session_id(created.session_id());
  row.set_portal_id(created.portal_id());
  row.set_workspace_id(event.header.workspace_id());
  row.set_external_id(created.external_id());
  *row.mutable_scopes() = created.scopes();
  *row.mutable_keyspace_ids() = created.keyspace_ids();
  row.set_code_hash(created.code_hash());
  row.set_code_expires_at_ms(created.code_expires_at_ms());
  row.set_preview(created.preview());
  put(rows, row);
  rows.put(kTable, row_key({"c/", row.code_hash()}), row.session_id());
}

void exchange(const events::Event& event, Overlay& rows) {
  const v1::PortalSessionExchanged& exchanged = event.payload.portal_session_exchanged();
  auto row = find_portal_session(rows, exchanged.session_id());
  if (!row) return;
  row->set_token_hash(exchanged.token_hash());
  row->set_expires_at_ms(exchanged.expires_at_ms());
  put(rows, *row);
  rows.erase(kTable, row_key({"c/", row->code_hash()}));
  rows.put(kTable, row_key({"t/", row->token_hash()}), row->session_id());
}

std::optional<rows::PortalSessionRow> find_by(const RowReader& rows, std::string_view kind, std::string_view hash) {
  const auto session_id = rows.get(kTable, row_key({kind, hash}));
  return session_id ? find_portal_session(rows, *session_id) : std::nullopt;
}

}  // namespace

std::optional<rows::PortalRow> find_portal(const RowReader& rows, std::string_view portal_id) {
  return find_row<rows::PortalRow>(rows, kTable, row_key({"p/", portal_id}));
}

std::optional<std::string> find_portal_id_by_slug(const RowReader& rows, std::string_view workspace_id,
                                                  std::string_view slug) {
  return rows.get(kTable, row_key({"n/", workspace_id, "/", slug}));
}

std::optional<rows::PortalSessionRow> find_portal_session(const RowReader& rows, std::string_view session_id) {
  return find_row<rows::PortalSessionRow>(rows, kTable, row_key({"s/", session_id}));
}

std::optional<rows::PortalSessionRow> find_portal_session_by_code(const RowReader& rows, std::string_view code_hash) {
  return find_by(rows, "c/", code_hash);
}

std::optional<rows::PortalSessionRow> find_portal_session_by_token(const RowReader& rows, std::string_view token_hash) {
  return find_by(rows, "t/", token_hash);
}

void fold_portal(const events::Event& event, Overlay& rows) {
  switch (event.payload.event_case()) {
    case v1::Payload::kPortalCreated:
      return create(event, rows);
    case v1::Payload::kPortalUpdated:
      return update(event, rows);
    case v1::Payload::kPortalSessionCreated:
      return create_session(event, rows);
    case v1::Payload::kPortalSessionExchanged:
      return exchange(event, rows);
    default:
      return;
  }
}

}  // namespace keyfold::projections
