#pragma once

#include <optional>

#include "gateway/api/endpoint.h"
#include "projections/rows.h"
#include "projections/rows.pb.h"

namespace keyfold::api {

/// A key as getKey and listKeys show it: what is unset is left out; permissions direct and through roles, sorted. The
/// last use is as of the last batch of usage.
[[nodiscard]] Json key_json(const rows::KeyRow& key, const projections::RowReader& reader,
                            const projections::UsageStore& usage);

/// The key when it and its API are live and of the caller's workspace.
[[nodiscard]] std::optional<rows::KeyRow> find_live_key(const Call& call, const Services& services,
                                                        std::string_view key_id);

/// `api.{*|id}.<action>` or a URN grant on the key.
[[nodiscard]] bool may_on_key(const Call& call, const rows::KeyRow& key, std::string_view action);

/// The keyspace keeps no ciphertext, so there is nothing to decrypt or to encrypt for.
[[nodiscard]] ApiError keys_not_recoverable();

}  // namespace keyfold::api
