#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/api/api_error.h"
#include "gateway/api/key/verify_request.h"
#include "projections/key_index.h"
#include "projections/root_key_index.h"
#include "projections/sliding_windows.h"

namespace keyfold::api {

/// The answers of keys.verifyKey, in the order in which its checks can fail.
enum class VerifyCode : std::uint8_t {
  kValid,
  kNotFound,
  kDisabled,
  kExpired,
  kForbidden,
  kInsufficientPermissions,
  kRateLimited,
  kUsageExceeded,
};
inline constexpr std::size_t kVerifyCodeCount = 8;
[[nodiscard]] std::string_view to_string(VerifyCode code);

/// How a verification stands.
struct Verdict {
  VerifyCode code = VerifyCode::kNotFound;
  bool must_spend = false;  // valid so far, but credits must be spent durably first
  // Whom it was about, unless the code is kNotFound; the identity's ids are empty when the key has none.
  std::string key_id;
  std::string keyspace_id;
  std::string identity_id;
  std::string external_id;
  std::vector<AppliedRatelimit> ratelimits;  // that must be passed: the code is the one to come after them
  std::string ratelimits_json;               // what came of them
  std::string details_json;                  // what the answer tells of the key
};

/// Judges the key by everything but its rate limits. Refuses an expression that can't be parsed, and the name of a rate
/// limit that is stored nowhere. Changes nothing, takes no lock; thread-safe.
[[nodiscard]] Answered<Verdict> judge(const VerifyRequest& request, const projections::RootKey& caller,
                                      const projections::KeyIndex& keys, std::int64_t now_ms);

/// Brings the verdict past its rate limits: all are charged, or none and the code is kRateLimited. Once for a
/// verification.
void charge_ratelimits(Verdict& verdict, projections::SlidingWindows& windows, std::int64_t now_ms);

/// The verdict after an attempt to spend the credits of the key of that hash, which it shows as it is now.
[[nodiscard]] Verdict conclude_spending(Verdict verdict, VerifyCode code, const projections::KeyIndex& keys,
                                        const Digest& hash, std::optional<std::int64_t> credits_remaining);

/// Appends the answer's `data`.
void append_answer(std::string& out, const Verdict& verdict);

}  // namespace keyfold::api
