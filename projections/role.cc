#include "projections/role.h"

#include "projections/id_changes.h"
#include "projections/row_access.h"
#include "schemas/base/encoding.h"

namespace keyfold::projections {
namespace {

constexpr Table kTable = Table::kRoles;

std::string row_key_of(std::string_view role_id) { return row_key({"r/", role_id}); }
std::string deleted_key(std::string_view role_id) { return row_key({"d/", role_id}); }
std::string name_key(std::string_view workspace_id, std::string_view name) {
  return row_key({"n/", workspace_id, "/", to_lower(name)});
}
std::string listing_key(const rows::RoleRow& row) { return role_list_prefix(row.workspace_id()) + row.role_id(); }

void create(const events::Event& event, Overlay& rows) {
  const v1::RoleCreated& created = event.payload.role_created();
  rows::RoleRow row;
  row.set_role_id(created.role_id());
  row.set_workspace_id(event.header.workspace_id());
  row.set_name(created.name());
  row.set_description(created.description());
  *row.mutable_permission_ids() = created.permission_ids();
  row.set_created_at_ms(event.header.time_ms());
  put_row(rows, kTable, row_key_of(row.role_id()), row);
  rows.put(kTable, name_key(row.workspace_id(), row.name()), row.role_id());
  rows.put(kTable, listing_key(row), "");
}

void change_permissions(const events::Event& event, Overlay& rows) {
  const v1::RolePermissionsChanged& changed = event.payload.role_permissions_changed();
  auto row = find_role(rows, changed.role_id());
  if (!row) return;
  change_ids(*row->mutable_permission_ids(), changed.connected_ids(), changed.disconnected_ids());
  put_row(rows, kTable, row_key_of(row->role_id()), *row);
}

void remove(const events::Event& event, Overlay& rows) {
  const auto row = find_role(rows, event.payload.role_deleted().role_id());
  if (!row) return;
  rows.erase(kTable, row_key_of(row->role_id()));
  rows.erase(kTable, name_key(row->workspace_id(), row->name()));
  rows.erase(kTable, listing_key(*row));
  rows.put(kTable, deleted_key(row->role_id()), "");
}

}  // namespace

std::optional<rows::RoleRow> find_role(const RowReader& rows, std::string_view role_id) {
  return find_row<rows::RoleRow>(rows, kTable, row_key_of(role_id));
}

std::optional<std::string> find_role_id_by_name(const RowReader& rows, std::string_view workspace_id,
                                                std::string_view name) {
  return rows.get(kTable, name_key(workspace_id, name));
}

std::optional<rows::RoleRow> find_role_by_id_or_name(const RowReader& rows, std::string_view workspace_id,
                                                     std::string_view id_or_name) {
  auto row = find_role(rows, id_or_name);
  if (row && row->workspace_id() == workspace_id) return row;
  const auto id = find_role_id_by_name(rows, workspace_id, id_or_name);
  return id ? find_role(rows, *id) : std::nullopt;
}

bool is_used_role_id(const RowReader& rows, std::string_view role_id) {
  return rows.get(kTable, row_key_of(role_id)) || rows.get(kTable, deleted_key(role_id));
}

std::string role_list_prefix(std::string_view workspace_id) { return row_key({"w/", workspace_id, "/"}); }

void fold_role(const events::Event& event, Overlay& rows) {
  switch (event.payload.event_case()) {
    case v1::Payload::kRoleCreated:
      return create(event, rows);
    case v1::Payload::kRolePermissionsChanged:
      return change_permissions(event, rows);
    case v1::Payload::kRoleDeleted:
      return remove(event, rows);
    default:
      return;
  }
}

}  // namespace keyfold::projections
