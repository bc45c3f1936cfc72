#include <algorithm>

#include "gateway/api/api/endpoints.h"
#include "gateway/api/key/endpoints.h"
#include "gateway/api/key/key_fields.h"
#include "gateway/api/migration/endpoints.h"
#include "projections/key.h"
#include "schemas/base/encoding.h"
#include "schemas/base/random.h"

namespace keyfold::api {
namespace {

using Algorithm = v1::MigrationCreated::Algorithm;

// The bytes of a hash in the one form that the algorithm gives it, so that the answer can repeat it as it was sent.
std::optional<Digest> read_hash(const std::string& text, Algorithm algorithm) {
  const bool is_hex = algorithm == v1::MigrationCreated::PREFIXED_API_KEY;
  const auto bytes = is_hex ? from_hex(text) : from_base64(text);
  if (!bytes || bytes->size() != sizeof(Digest) || (is_hex ? to_hex(*bytes) : to_base64(*bytes)) != text) {
    return std::nullopt;
  }
  Digest hash;
  std::copy(bytes->begin(), bytes->end(), hash.begin());
  return hash;
}

ApiError malformed_hash(std::size_t at, Algorithm algorithm) {
  const std::string_view form = algorithm == v1::MigrationCreated::PREFIXED_API_KEY
                                    ? "64 lower-case hexadecimal digits: the SHA-256 of the text after the key's last _"
                                    : "44 characters of base64: the SHA-256 of the whole key";
  return invalid_input("`keys[" + std::to_string(at) + "].hash` must be " + std::string(form) + ".");
}

// Where deciding can't see: the other partitions' keys, as they are committed, and root keys.
bool is_taken_elsewhere(const Call& call, const Services& services, const Digest& hash, Algorithm algorithm) {
  const auto find = algorithm == v1::MigrationCreated::PREFIXED_API_KEY ? projections::find_key_id_by_migrated_hash
                                                                        : projections::find_key_id_by_hash;
  for (events::PartitionId partition = 0; partition < services.projections.partitions(); ++partition) {
    if (partition == call.principal->partition) continue;
    if (find(services.projections.reader(partition), as_view(hash))) return true;
  }
  return algorithm == v1::MigrationCreated::SHA256 && services.projections.root_keys().find(hash) != nullptr;
}

void read_key(const nlohmann::json& key, const Digest& hash, v1::MigrateKeys::Key& out) {
  out.mutable_key()->set_key_id(make_id("key"));
  out.mutable_key()->set_hash(hash.data(), hash.size());
  read_new_key(key, *out.mutable_key());
  if (const auto roles = key.find("roles"); roles != key.end()) read_references(*roles, "role", *out.mutable_roles());
}

}  // namespace

Answered<Step> migrate_keys(const Call& call, const Services& services) {
  const std::string& api_id = call.text("apiId");
  if (!may_on_api(call, api_id, "create_key")) return refuse(missing_permission("api.*.create_key"));
  const auto api = find_live_api(call, services, api_id);
  if (!api) return refuse(api_not_found());
  const auto migration = find_own_migration(call, services, call.text("migrationId"));
  if (!migration) return refuse(migration_not_found());
  Plan plan;
  auto& command = *plan.command.mutable_migrate_keys();
  command.set_migration_id(migration->migration_id());
  command.set_api_id(api_id);
  for (const auto& key : call.body.at("keys")) {
    const auto hash = read_hash(key.at("hash").get_ref<const std::string&>(), migration->algorithm());
    if (!hash) return refuse(malformed_hash(static_cast<std::size_t>(command.keys_size()), migration->algorithm()));
    auto& added = *command.add_keys();
    read_key(key, *hash, added);
    added.set_taken_elsewhere(is_taken_elsewhere(call, services, *hash, migration->algorithm()));
  }
  return plan;
}

}  // namespace keyfold::api
