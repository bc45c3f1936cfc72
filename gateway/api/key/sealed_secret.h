#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gateway/api/endpoint.h"
#include "projections/rows.pb.h"

// The secrets of recoverable keys: on the log and in rows only as vault ciphertext, bound to workspace and key.
namespace keyfold::api {

/// The ciphertext of a new key's secret, for the plan's command. The plan keeps the data key from being destroyed until
/// its command is answered. May block, the first time in a workspace.
[[nodiscard]] Answered<std::string> seal_secret(const Call& call, const Services& services, std::string_view key_id,
                                                std::string_view secret, Plan& plan);

/// The whole secret; nothing when the key has no ciphertext or the vault can't open it, which is counted and logged.
/// May block, when the data key is not in memory.
[[nodiscard]] std::optional<std::string> open_secret(const Services& services, const rows::KeyRow& key);

/// Shows the secret as `plaintext` where open_secret gives it.
void set_plaintext(Json& out, const Services& services, const rows::KeyRow& key);

}  // namespace keyfold::api
