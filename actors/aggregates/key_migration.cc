#include "actors/aggregates/key_migration.h"

#include <map>

#include "actors/aggregates/answer_json.h"
#include "actors/aggregates/api.h"
#include "actors/aggregates/key.h"
#include "actors/aggregates/key_fields.h"
#include "actors/aggregates/migration.h"
#include "actors/aggregates/role.h"
#include "projections/key.h"
#include "schemas/base/encoding.h"

namespace keyfold::actors {
namespace {

/// What every key of one command is decided by.
struct Migrating {
  const rows::ApiRow& api;
  const rows::MigrationRow& migration;
  const Context& context;

  /// Whether the hashes are of a part of the secret, so that the whole one must be proved once.
  [[nodiscard]] bool has_foreign_hashes() const {
    return migration.algorithm() == v1::MigrationCreated::PREFIXED_API_KEY;
  }
  [[nodiscard]] std::string text_of(const std::string& hash) const {
    return has_foreign_hashes() ? to_hex(hash) : to_base64(hash);
  }
  [[nodiscard]] bool is_taken(const v1::MigrateKeys::Key& wanted, const projections::RowReader& reader) const {
    const std::string& hash = wanted.key().hash();
    if (wanted.taken_elsewhere()) return true;
    return has_foreign_hashes() ? projections::find_key_id_by_migrated_hash(reader, hash).has_value()
                                : projections::find_key_id_by_hash(reader, hash).has_value();
  }
};

tl::expected<void, Rejection> plan_one(const v1::MigrateKeys::Key& wanted, const Migrating& migrating,
                                       const projections::RowReader& reader, Decision& decision) {
  const std::string& key_id = wanted.key().key_id();
  if (projections::find_key(reader, key_id)) return reject(RejectionCode::kIdTaken, "The key id is taken.");
  if (const auto checked = check_credits(wanted.key()); !checked) return tl::unexpected(checked.error());
  const auto role_ids = resolve_or_create_roles(wanted.roles(), migrating.context, reader, decision);
  if (!role_ids) return tl::unexpected(role_ids.error());
  auto created = plan_key(wanted.key(), migrating.api, *role_ids, migrating.context, reader, decision);
  if (!created) return tl::unexpected(std::move(created.error()));
  if (migrating.has_foreign_hashes()) created->set_pending_migration_id(migrating.migration.migration_id());
  *decision.plan("key", key_id).mutable_key_created() = *std::move(created);
  return {};
}

Decided plan_all(const v1::MigrateKeys& command, const Migrating& migrating, const projections::RowReader& reader) {
  std::map<std::string_view, int> last_of_hash;
  for (int i = 0; i < command.keys_size(); ++i) last_of_hash[command.keys(i).key().hash()] = i;
  Decision decision;
  Foresight after(migrating.context, reader);
  AnswerJson answer{{"migrated", AnswerJson::array()}, {"failed", AnswerJson::array()}};
  for (int i = 0; i < command.keys_size(); ++i) {
    const v1::MigrateKeys::Key& wanted = command.keys(i);
    if (last_of_hash.at(wanted.key().hash()) != i) continue;
    std::string hash = migrating.text_of(wanted.key().hash());
    if (migrating.is_taken(wanted, after.rows())) {
      answer["failed"].push_back(std::move(hash));
      continue;
    }
    const std::size_t first = decision.events.size();
    if (const auto planned = plan_one(wanted, migrating, after.rows(), decision); !planned) {
      return reject(planned.error().code, "keys[" + std::to_string(i) + "]: " + planned.error().detail);
    }
    after.add(decision, first);
    answer["migrated"].push_back({{"hash", std::move(hash)}, {"keyId", wanted.key().key_id()}});
  }
  decision.data_json = answer.dump();
  return decision;
}

}  // namespace

Decided decide(const v1::MigrateKeys& command, const Context& context, const projections::RowReader& reader) {
  const auto api = find_live_api(context, reader, command.api_id());
  if (!api) return reject(RejectionCode::kApiNotFound, "The API does not exist.");
  if (!api->has_keyspace()) return reject(RejectionCode::kKeyspaceMissing, "The API has no keyspace for keys.");
  const auto migration = find_own_migration(context, reader, command.migration_id());
  if (!migration) return reject(RejectionCode::kMigrationNotFound, "The migration does not exist.");
  return plan_all(command, {*api, *migration, context}, reader);
}

Decided decide(const v1::CompleteMigration& command, const Context& context, const projections::RowReader& reader) {
  const auto key = find_live_key(context, reader, command.key_id());
  if (!key) return key_not_found();
  Decision decision;
  if (key->pending_migration_id().empty() && key->hash() == command.hash()) return decision;
  const bool is_pending = !command.migration_id().empty() && key->pending_migration_id() == command.migration_id();
  if (!is_pending || projections::find_key_id_by_hash(reader, command.hash())) return key_not_found();
  auto& completed = *decision.plan("key", command.key_id()).mutable_key_migration_completed();
  completed.set_key_id(command.key_id());
  completed.set_migration_id(command.migration_id());
  completed.set_hash(command.hash());
  completed.set_start(command.start());
  return decision;
}

}  // namespace keyfold::actors
