#include "projections/permission.h"

#include "projections/row_access.h"
#include "schemas/base/encoding.h"

namespace keyfold::projections {
namespace {

constexpr Table kTable = Table::kPermissions;

std::string slug_key(std::string_view workspace_id, std::string_view slug) {
  return row_key({"s/", workspace_id, "/", to_lower(slug)});
}

}  // namespace

std::optional<rows::PermissionRow> find_permission(const RowReader& rows, std::string_view permission_id) {
  return find_row<rows::PermissionRow>(rows, kTable, row_key({"p/", permission_id}));
}

std::optional<std::string> find_permission_id_by_slug(const RowReader& rows, std::string_view workspace_id,
                                                      std::string_view slug) {
  return rows.get(kTable, slug_key(workspace_id, slug));
}

void fold_permission(const events::Event& event, Overlay& rows) {
  if (!event.payload.has_permission_created()) return;
  const v1::PermissionCreated& created = event.payload.permission_created();
  rows::PermissionRow row;
  row.set_permission_id(created.permission_id());
  row.set_workspace_id(event.header.workspace_id());
  row.set_name(created.name());
  row.set_slug(created.slug());
  row.set_description(created.description());
  row.set_created_at_ms(event.header.time_ms());
  put_row(rows, kTable, row_key({"p/", row.permission_id()}), row);
  rows.put(kTable, slug_key(row.workspace_id(), row.slug()), row.permission_id());
}

}  // namespace keyfold::projections
