#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/api/api_error.h"
#include "projections/key_index.h"
#include "projections/sliding_windows.h"

namespace keyfold::api {

/// An entry of a request's `ratelimits`: a limit of the request's own when it has both numbers, else a stored one by
/// its name. Views of the request.
struct AskedRatelimit {
  std::string_view name;
  std::int64_t cost = 1;
  std::optional<std::int64_t> limit;
  std::optional<std::int64_t> duration_ms;

  [[nodiscard]] bool is_inline() const { return limit && duration_ms; }
  friend bool operator==(const AskedRatelimit&, const AskedRatelimit&) = default;
};

/// A rate limit that a verification must pass.
struct AppliedRatelimit {
  std::string id;  // empty for one of the request's own
  std::string name;
  std::string counter;  // see projections::WindowCheck
  std::int64_t limit = 0;
  std::int64_t duration_ms = 0;
  std::int64_t cost = 1;
  bool auto_apply = false;
};

/// The rate limits of one verification, sorted by name: the stored ones that apply by themselves and those that the
/// request names. Of one name the request's own limit comes before the key's, the key's before the identity's; of two
/// entries with one name the last counts. Refuses (412) a name that is stored nowhere.
[[nodiscard]] Answered<std::vector<AppliedRatelimit>> ratelimits_of(const projections::KeyView& key,
                                                                    std::span<const AskedRatelimit> asked);

/// Appends what came of them as JSON: an array of objects.
void append_ratelimits(std::string& out, std::span<const AppliedRatelimit> applied,
                       std::span<const projections::WindowVerdict> verdicts);

/// Appends the identity's rate limits of which the key has none of the same name, as the member `ratelimits` with a
/// comma before it; nothing when there are none.
void append_identity_ratelimits(std::string& out, const projections::KeyView& key);

}  // namespace keyfold::api
