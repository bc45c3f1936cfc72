#pragma once

#include <optional>
#include <string_view>

#include "gateway/api/endpoint.h"

// The first verification of a key that came by a migration whose hashes are of a part of the key.
namespace keyfold::api {

/// A key in the form of the npm package prefixed-api-key. Views of the key.
struct PrefixedKey {
  std::string_view prefix;
  std::string_view short_token;  // between the last two underscores
  std::string_view long_token;   // after the last one: the secret
};

/// Nothing when the text has fewer than two underscores, or nothing after the last one.
[[nodiscard]] std::optional<PrefixedKey> parse_prefixed_key(std::string_view key);

/// For a verification that found no key and names a migration: the plan that makes the key ours, after which the
/// verification runs again, or a refusal of a key that can't be of this migration. Nothing when the answer stays
/// NOT_FOUND: the caller has no such migration, or it has no such key that the caller may verify.
[[nodiscard]] std::optional<Answered<Step>> adopt_migrated_key(const Call& call, const Services& services);

}  // namespace keyfold::api
