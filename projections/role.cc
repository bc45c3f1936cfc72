#include "projections/role.h"

#include "projections/row_access.h"
#include "schemas/base/encoding.h"

namespace keyfold::projections {
namespace {

constexpr Table kTable = Table::kRoles;

std::string name_key(std::string_view workspace_id, std::string_view name) {
  return row_key({"n/", workspace_id, "/", to_lower(name)});
}

}  // namespace

std::optional<rows::RoleRow> find_role(const RowReader& rows, std::string_view role_id) {
  return find_row<rows::RoleRow>(rows, kTable, row_key({"r/", role_id}));
}

std::optional<std::string> find_role_id_by_name(const RowReader& rows, std::string_view workspace_id,
                                                std::string_view name) {
  return rows.get(kTable, name_key(workspace_id, name));
}

void fold_role(const events::Event& event, Overlay& rows) {
  if (!event.payload.has_role_created()) return;
  const v1::RoleCreated& created = event.payload.role_created();
  rows::RoleRow row;
  row.set_role_id(created.role_id());
  row.set_workspace_id(event.header.workspace_id());
  row.set_name(created.name());
  row.set_description(created.description());
  *row.mutable_permission_ids() = created.permission_ids();
  row.set_created_at_ms(event.header.time_ms());
  put_row(rows, kTable, row_key({"r/", row.role_id()}), row);
  rows.put(kTable, name_key(row.workspace_id(), row.name()), row.role_id());
}

}  // namespace keyfold::projections
