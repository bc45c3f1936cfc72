#pragma once

#include "gateway/api/endpoint.h"
#include "projections/ratelimit_index.h"

namespace keyfold::api {

/// An override as getOverride and listOverrides show it.
[[nodiscard]] inline Json override_json(const projections::RatelimitOverride& override) {
  return {{"overrideId", override.override_id},
          {"identifier", override.identifier},
          {"limit", override.limit},
          {"duration", override.duration_ms}};
}

}  // namespace keyfold::api
