#include "projections/identity.h"

#include "projections/row_access.h"

namespace keyfold::projections {
namespace {

constexpr Table kTable = Table::kIdentities;

std::string external_key(std::string_view workspace_id, std::string_view external_id) {
  return row_key({"e/", workspace_id, "/", external_id});
}

}  // namespace

std::optional<rows::IdentityRow> find_identity(const RowReader& rows, std::string_view identity_id) {
  return find_row<rows::IdentityRow>(rows, kTable, row_key({"i/", identity_id}));
}

std::optional<std::string> find_identity_id_by_external_id(const RowReader& rows, std::string_view workspace_id,
                                                           std::string_view external_id) {
  return rows.get(kTable, external_key(workspace_id, external_id));
}

void fold_identity(const events::Event& event, Overlay& rows) {
  if (!event.payload.has_identity_created()) return;
  const v1::IdentityCreated& created = event.payload.identity_created();
  rows::IdentityRow row;
  row.set_identity_id(created.identity_id());
  row.set_workspace_id(event.header.workspace_id());
  row.set_external_id(created.external_id());
  row.set_meta_json(created.meta_json());
  row.set_created_at_ms(event.header.time_ms());
  put_row(rows, kTable, row_key({"i/", row.identity_id()}), row);
  rows.put(kTable, external_key(row.workspace_id(), row.external_id()), row.identity_id());
}

}  // namespace keyfold::projections
