#include "actors/aggregates/migration.h"

#include "projections/migration.h"

namespace keyfold::actors {

std::optional<rows::MigrationRow> find_own_migration(const Context& context, const projections::RowReader& reader,
                                                     std::string_view migration_id) {
  auto migration = projections::find_migration(reader, migration_id);
  if (migration && migration->workspace_id() != context.workspace_id) migration.reset();
  return migration;
}

Decided decide(const v1::CreateMigration& command, const Context&, const projections::RowReader& reader) {
  if (projections::find_migration(reader, command.migration_id())) {
    return reject(RejectionCode::kIdTaken, "The migration id is taken.");
  }
  const bool is_known = command.algorithm() == v1::MigrationCreated::SHA256 ||
                        command.algorithm() == v1::MigrationCreated::PREFIXED_API_KEY;
  if (!is_known) return reject(RejectionCode::kInvalidInput, "`algorithm` must be sha256 or prefixed_api_key.");
  Decision decision;
  auto& created = *decision.plan("migration", command.migration_id()).mutable_migration_created();
  created.set_migration_id(command.migration_id());
  created.set_name(command.name());
  created.set_algorithm(command.algorithm());
  return decision;
}

}  // namespace keyfold::actors
