#include "projections/permission.h"

#include "projections/row_access.h"
#include "schemas/base/encoding.h"

namespace keyfold::projections {
namespace {

constexpr Table kTable = Table::kPermissions;

std::string row_key_of(std::string_view permission_id) { return row_key({"p/", permission_id}); }
std::string deleted_key(std::string_view permission_id) { return row_key({"d/", permission_id}); }
std::string slug_key(std::string_view workspace_id, std::string_view slug) {
  return row_key({"s/", workspace_id, "/", to_lower(slug)});
}
std::string listing_key(const rows::PermissionRow& row) {
  return permission_list_prefix(row.workspace_id()) + row.permission_id();
}

void create(const events::Event& event, Overlay& rows) {
  const v1::PermissionCreated& created = event.payload.permission_created();
  rows::PermissionRow row;
  row.set_permission_id(created.permission_id());
  row.set_workspace_id(event.header.workspace_id());
  row.set_name(created.name());
  row.set_slug(created.slug());
  row.set_description(created.description());
  row.set_created_at_ms(event.header.time_ms());
  put_row(rows, kTable, row_key_of(row.permission_id()), row);
  rows.put(kTable, slug_key(row.workspace_id(), row.slug()), row.permission_id());
  rows.put(kTable, listing_key(row), "");
}

void remove(const events::Event& event, Overlay& rows) {
  const auto row = find_permission(rows, event.payload.permission_deleted().permission_id());
  if (!row) return;
  rows.erase(kTable, row_key_of(row->permission_id()));
  rows.erase(kTable, slug_key(row->workspace_id(), row->slug()));
  rows.erase(kTable, listing_key(*row));
  rows.put(kTable, deleted_key(row->permission_id()), "");
}

}  // namespace

std::optional<rows::PermissionRow> find_permission(const RowReader& rows, std::string_view permission_id) {
  return find_row<rows::PermissionRow>(rows, kTable, row_key_of(permission_id));
}

std::optional<std::string> find_permission_id_by_slug(const RowReader& rows, std::string_view workspace_id,
                                                      std::string_view slug) {
  return rows.get(kTable, slug_key(workspace_id, slug));
}

std::optional<rows::PermissionRow> find_permission_by_id_or_slug(const RowReader& rows, std::string_view workspace_id,
                                                                 std::string_view id_or_slug) {
  auto row = find_permission(rows, id_or_slug);
  if (row && row->workspace_id() == workspace_id) return row;
  const auto id = find_permission_id_by_slug(rows, workspace_id, id_or_slug);
  return id ? find_permission(rows, *id) : std::nullopt;
}

bool is_used_permission_id(const RowReader& rows, std::string_view permission_id) {
  return rows.get(kTable, row_key_of(permission_id)) || rows.get(kTable, deleted_key(permission_id));
}

std::string permission_list_prefix(std::string_view workspace_id) { return row_key({"w/", workspace_id, "/"}); }

void fold_permission(const events::Event& event, Overlay& rows) {
  switch (event.payload.event_case()) {
    case v1::Payload::kPermissionCreated:
      return create(event, rows);
    case v1::Payload::kPermissionDeleted:
      return remove(event, rows);
    default:
      return;
  }
}

}  // namespace keyfold::projections
