#pragma once

#include "actors/aggregates/decision.h"
#include "projections/rows.pb.h"

namespace keyfold::actors {

/// The key when it, its API and so its keyspace are live and of this workspace.
[[nodiscard]] std::optional<rows::KeyRow> find_live_key(const Context& context, const projections::RowReader& reader,
                                                        std::string_view key_id);
[[nodiscard]] tl::unexpected<Rejection> key_not_found();
[[nodiscard]] tl::unexpected<Rejection> keys_not_recoverable();

/// Creates a key, and before it the identity and the permissions that the workspace lacks. kApiNotFound,
/// kKeyspaceMissing, kIdTaken (an id, or the hash of the secret), kRoleNotFound; kKeysNotRecoverable for ciphertext in
/// a keyspace that keeps none; kInvalidInput for a refill without credits or a monthly one without its day. A daily
/// refill's day is dropped; of several rate limits with one name the last one counts.
[[nodiscard]] Decided decide(const v1::CreateKey& command, const Context& context,
                             const projections::RowReader& reader);

/// Changes the members that the command holds; with none, the key still counts as updated. Unlimited credits take the
/// refill with them unless the command sets one. Rate limits are replaced by name, and a kept name keeps its id.
/// kKeyNotFound, kRoleNotFound, kIdTaken; kInvalidInput for a monthly refill without its day or a daily one with.
[[nodiscard]] Decided decide(const v1::UpdateKey& command, const Context& context,
                             const projections::RowReader& reader);

/// kKeyNotFound unless the key is live, also for a permanent deletion after another one.
[[nodiscard]] Decided decide(const v1::DeleteKey& command, const Context& context,
                             const projections::RowReader& reader);

/// Takes the cost from the balance. Nothing happens when the cost is 0 or the key is unlimited. kKeyNotFound,
/// kKeyDisabled and kKeyExpired, so that nothing is spent after an acknowledged revocation; kCreditsExceeded with the
/// balance; kInvalidInput for a negative cost.
[[nodiscard]] Decided decide(const v1::SpendCredits& command, const Context& context,
                             const projections::RowReader& reader);

}  // namespace keyfold::actors
