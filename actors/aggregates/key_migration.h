#pragma once

#include "actors/aggregates/decision.h"

namespace keyfold::actors {

/// Creates keys by the hashes that another system kept, and before them the identities, permissions and roles that the
/// workspace lacks. A hash that is taken is left out, and of several keys with one hash the last one counts; the answer
/// lists both kinds, each hash in the form of the migration's algorithm. kApiNotFound, kKeyspaceMissing,
/// kMigrationNotFound; kIdTaken for a candidate id, and kInvalidInput as for CreateKey, naming the key: then none is
/// created.
[[nodiscard]] Decided decide(const v1::MigrateKeys& command, const Context& context,
                             const projections::RowReader& reader);

/// Lets a migrated key be found by the hash of its whole secret from now on. Nothing happens when it is that already.
/// kKeyNotFound when the key is not live, waits for no proof of this migration, or another key has the hash.
[[nodiscard]] Decided decide(const v1::CompleteMigration& command, const Context& context,
                             const projections::RowReader& reader);

}  // namespace keyfold::actors
