#pragma once

#include "gateway/api/ratelimit/limit_checks.h"

namespace keyfold::api {

/// Records a decided check as usage. Waits for nothing; thread-safe.
void record_limit(projections::UsageRecorder& usage, const Call& call, std::string_view namespace_id,
                  const LimitCheck& check, const LimitVerdict& verdict, std::int64_t duration_ms);

}  // namespace keyfold::api
