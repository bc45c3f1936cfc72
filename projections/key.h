#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "projections/projector.h"
#include "projections/rows.pb.h"

/// Keys. Rows: `k/<key_id>` -> KeyRow (a soft-deleted key keeps it), as long as that row `h/<32 bytes of hash>` -> key
/// id and `m/<the hash that another system kept>` -> key id, and of live keys only `a/<keyspace_id>/<key_id>` -> "" and
/// `i/<identity_id>/<key_id>` -> "". Lists for background work: key_lists.h.
namespace keyfold::projections {

/// Soft-deleted keys included: `deleted_at_ms` tells.
[[nodiscard]] std::optional<rows::KeyRow> find_key(const RowReader& rows, std::string_view key_id);
/// Soft-deleted keys included.
[[nodiscard]] std::optional<std::string> find_key_id_by_hash(const RowReader& rows, std::string_view hash);

/// Of a key that came by a migration whose hashes are not of the whole secret, also after that is known.
[[nodiscard]] std::optional<std::string> find_key_id_by_migrated_hash(const RowReader& rows, std::string_view hash);

void fold_key(const events::Event& event, Overlay& rows);
inline constexpr Projector kKeyProjector{"keys", Table::kKeys, 3, fold_key};

}  // namespace keyfold::projections
