#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "projections/rows.h"
#include "projections/rows.pb.h"

/// Lists of keys that background work walks, rows of the keys' table beside those of key.h. Of live keys only:
/// `r/<workspace_id>/<key_id>` -> the UTC day on which the key's refill was set, in decimal. Of every key whose row
/// holds ciphertext, soft-deleted ones too: `s/<workspace_id>/<key_id>` -> the id of the data key that opens it.
namespace keyfold::projections {

inline constexpr std::string_view kRefillList = "r/";
inline constexpr std::string_view kSecretList = "s/";

/// `<list><workspace_id>/`: what the rows of a workspace begin with.
[[nodiscard]] std::string list_prefix(std::string_view list, std::string_view workspace_id);

/// The id of the data key that opens a ciphertext; empty when the bytes are no ciphertext.
[[nodiscard]] std::string data_key_of(std::string_view sealed);

/// The UTC day on which the live key got its refill; nothing when it has none.
[[nodiscard]] std::optional<std::int64_t> find_refill_since(const RowReader& rows, const rows::KeyRow& key);
/// The value of a row of the refills' list.
[[nodiscard]] std::int64_t refill_since(std::string_view value);

/// Makes the lists agree with the key's row, whose refill was set on `day`.
void list_refill(const rows::KeyRow& key, std::int64_t day, Overlay& rows);
void list_secret(const rows::KeyRow& key, Overlay& rows);
/// Takes the key out of a list where it may be.
void unlist_refill(const rows::KeyRow& key, Overlay& rows);
void unlist_secret(const rows::KeyRow& key, Overlay& rows);

}  // namespace keyfold::projections
