#include "gateway/api/key/migration_verification.h"

#include "gateway/api/api/endpoints.h"
#include "gateway/api/key/key_json.h"
#include "gateway/api/key/verification.h"
#include "gateway/api/metrics.h"
#include "gateway/api/migration/endpoints.h"
#include "projections/key.h"

namespace keyfold::api {
namespace {

constexpr std::size_t kShownCharacters = 4;

// Of the short token only, so that nothing of the secret is shown.
std::string start_of(const PrefixedKey& key) {
  std::string start;
  if (!key.prefix.empty()) start.append(key.prefix).append("_");
  return start.append(key.short_token.substr(0, kShownCharacters));
}

// The key that waits for its whole secret, when the caller may verify it.
std::optional<rows::KeyRow> find_pending(const Call& call, const Services& services, const PrefixedKey& parsed,
                                         const std::string& migration_id) {
  const auto& reader = rows_of(call, services);
  const auto key_id = projections::find_key_id_by_migrated_hash(reader, as_view(sha256(parsed.long_token)));
  if (!key_id) return std::nullopt;
  auto key = find_live_key(call, services, *key_id);
  if (!key || key->pending_migration_id() != migration_id) return std::nullopt;
  if (!may_on_key(call, *key, "verify_key")) return std::nullopt;
  return key;
}

}  // namespace

std::optional<PrefixedKey> parse_prefixed_key(std::string_view key) {
  const auto last = key.rfind('_');
  if (last == std::string_view::npos || last == 0 || last + 1 == key.size()) return std::nullopt;
  const auto before = key.rfind('_', last - 1);
  if (before == std::string_view::npos) return std::nullopt;
  return PrefixedKey{key.substr(0, before), key.substr(before + 1, last - before - 1), key.substr(last + 1)};
}

std::optional<Answered<Step>> adopt_migrated_key(const Call& call, const Services& services) {
  const auto* named = call.find("migrationId");
  if (named == nullptr) return std::nullopt;
  const auto migration = find_own_migration(call, services, named->get_ref<const std::string&>());
  if (!migration || migration->algorithm() != v1::MigrationCreated::PREFIXED_API_KEY) return std::nullopt;
  const std::string& secret = call.text("key");
  const auto parsed = parse_prefixed_key(secret);
  if (!parsed) return refuse(malformed_migrated_key());
  const auto key = find_pending(call, services, *parsed, migration->migration_id());
  if (!key) return std::nullopt;
  const Digest hash = sha256(secret);
  Plan plan;
  auto& command = *plan.command.mutable_complete_migration();
  command.set_key_id(key->key_id());
  command.set_migration_id(migration->migration_id());
  command.set_hash(hash.data(), hash.size());
  command.set_start(start_of(*parsed));
  plan.runs_again = true;
  plan.conclude = [&services](const actors::Outcome& outcome) -> Answered<std::string> {
    if (outcome.error().code != actors::RejectionCode::kKeyNotFound) return refuse(from_rejection(outcome.error()));
    services.metrics.count_verification(static_cast<std::size_t>(VerifyCode::kNotFound));
    return std::string(kNotFoundJson);
  };
  return plan;
}

}  // namespace keyfold::api
