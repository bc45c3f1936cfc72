#include "gateway/api/migration/endpoints.h"
#include "schemas/base/random.h"

namespace keyfold::api {

Answered<Step> create_migration(const Call& call, const Services&) {
  if (!call.may({{"migration.*.create_migration", {}}})) {
    return refuse(missing_permission("migration.*.create_migration"));
  }
  Plan plan;
  auto& command = *plan.command.mutable_create_migration();
  command.set_migration_id(make_id("mig"));
  command.set_name(call.text("name"));
  const bool is_prefixed = call.text("algorithm") == "prefixed_api_key";
  command.set_algorithm(is_prefixed ? v1::MigrationCreated::PREFIXED_API_KEY : v1::MigrationCreated::SHA256);
  plan.data_json = Json{{"migrationId", command.migration_id()}}.dump();
  return plan;
}

}  // namespace keyfold::api
