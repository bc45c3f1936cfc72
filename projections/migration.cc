#include "projections/migration.h"

#include "projections/row_access.h"

namespace keyfold::projections {
namespace {

constexpr Table kTable = Table::kMigrations;

}  // namespace

std::optional<rows::MigrationRow> find_migration(const RowReader& rows, std::string_view migration_id) {
  return find_row<rows::MigrationRow>(rows, kTable, row_key({"m/", migration_id}));
}

void fold_migration(const events::Event& event, Overlay& rows) {
  if (!event.payload.has_migration_created()) return;
  const v1::MigrationCreated& created = event.payload.migration_created();
  rows::MigrationRow row;
  row.set_migration_id(created.migration_id());
  row.set_workspace_id(event.header.workspace_id());
  row.set_name(created.name());
  row.set_algorithm(created.algorithm());
  row.set_created_at_ms(event.header.time_ms());
  put_row(rows, kTable, row_key({"m/", row.migration_id()}), row);
  rows.put(kTable, row_key({"n/", row.workspace_id(), "/", row.migration_id()}), "");
}

}  // namespace keyfold::projections
