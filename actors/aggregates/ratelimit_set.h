#pragma once

#include "keyfold/v1/key.pb.h"

namespace keyfold::actors {

using Ratelimits = google::protobuf::RepeatedPtrField<v1::Ratelimit>;

/// The rate limits that a key or an identity gets: sorted by name, of each name the last. A name among `kept` keeps its
/// id.
[[nodiscard]] Ratelimits resolve_ratelimits(const Ratelimits& wanted, const Ratelimits& kept);

}  // namespace keyfold::actors
