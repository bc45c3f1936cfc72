#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/api/api.h"
#include "gateway/api/api_error.h"
#include "projections/key_index.h"
#include "projections/root_key_index.h"

namespace keyfold::api {

/// The answers of keys.verifyKey, in the order in which its checks can fail.
enum class VerifyCode : std::uint8_t {
  kValid,
  kNotFound,
  kDisabled,
  kExpired,
  kInsufficientPermissions,
  kUsageExceeded,
};
inline constexpr std::size_t kVerifyCodeCount = 6;
[[nodiscard]] std::string_view to_string(VerifyCode code);

/// All that is said of a key that is not found.
inline constexpr std::string_view kNotFoundJson = R"({"valid":false,"code":"NOT_FOUND"})";

/// What is asked of a key.
struct VerifyRequest {
  std::string_view key;
  std::string_view permissions;  // an expression; empty: none
  std::int64_t cost = 1;         // credits
};

/// A request of the plain form that most have: an object with only `key`, `permissions` and `credits.cost`, each
/// within its limits. Nothing for every other body, valid or not: the schema decides about those. The views live until
/// the thread's next call.
[[nodiscard]] std::optional<VerifyRequest> parse_plain_verify_request(std::string_view body);

/// How a verification ended.
struct Verdict {
  VerifyCode code = VerifyCode::kNotFound;
  bool must_spend = false;  // valid so far, but credits must be spent durably first
  // Whom it was about, unless the code is kNotFound; the identity's ids are empty when the key has none.
  std::string key_id;
  std::string keyspace_id;
  std::string identity_id;
  std::string external_id;
};

/// Judges the key and appends the answer's `data` to `out`, unless credits must be spent first. Refuses only an
/// expression that can't be parsed. Takes no lock; thread-safe.
[[nodiscard]] Answered<Verdict> verify(const VerifyRequest& request, const projections::RootKey& caller,
                                       const projections::KeyIndex& keys, std::int64_t now_ms, std::string& out);

/// Appends `data` for a key of which something is known already: the outcome of spending its credits.
void append_verification(std::string& out, const projections::KeyIndex& keys, const Digest& hash, VerifyCode code,
                         std::optional<std::int64_t> credits_remaining);

}  // namespace keyfold::api
