#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "gateway/api/key/verification.h"

namespace keyfold::api {

/// What a verification's record holds beyond its verdict. Views live during the call.
struct VerificationContext {
  std::string_view request_id;
  std::string_view workspace_id;
  std::int64_t time_ms = 0;
  std::int64_t started_ns = 0;  // of the steady clock
  std::span<const std::string_view> tags;
};

/// Records an answered verification as usage, with the credits that were charged for it; nothing for NOT_FOUND, which
/// says nothing about any key. Waits for nothing; thread-safe.
void record_verification(projections::UsageRecorder& usage, const VerificationContext& context, const Verdict& verdict,
                         std::int64_t spent_credits);

}  // namespace keyfold::api
