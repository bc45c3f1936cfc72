#include "gateway/api/api/endpoints.h"
#include "gateway/api/migration/endpoints.h"
#include "gateway/api/page.h"
#include "projections/migration.h"

namespace keyfold::api {
namespace {

Json migration_json(const rows::MigrationRow& migration) {
  const bool is_prefixed = migration.algorithm() == v1::MigrationCreated::PREFIXED_API_KEY;
  return {{"id", migration.migration_id()},
          {"name", migration.name()},
          {"algorithm", is_prefixed ? "prefixed_api_key" : "sha256"},
          {"createdAt", migration.created_at_ms()}};
}

}  // namespace

std::optional<rows::MigrationRow> find_own_migration(const Call& call, const Services& services,
                                                     std::string_view migration_id) {
  auto migration = projections::find_migration(rows_of(call, services), migration_id);
  if (migration && migration->workspace_id() != call.workspace_id()) migration.reset();
  return migration;
}

Answered<Step> list_migrations(const Call& call, const Services& services) {
  if (!call.may({{"migration.*.read_migration", {}}})) return refuse(missing_permission("migration.*.read_migration"));
  const auto& reader = rows_of(call, services);
  const PageRequest request = page_request(call);
  Page page(request);
  const std::string prefix = "n/" + std::string(call.workspace_id()) + "/";
  const std::string from = request.cursor.empty() ? std::string() : prefix + request.cursor;
  services.projections.scan(call.principal->partition, projections::Table::kMigrations, prefix, from,
                            [&](std::string_view row_key, std::string_view) {
                              const auto migration = projections::find_migration(reader, row_key.substr(prefix.size()));
                              return !migration || page.add(migration->migration_id(), migration_json(*migration));
                            });
  return std::move(page).finish();
}

}  // namespace keyfold::api
