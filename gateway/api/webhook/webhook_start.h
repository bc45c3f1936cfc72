#pragma once

#include <optional>

#include "gateway/api/endpoint.h"

namespace keyfold::api {

/// The first event that a new webhook may be sent, as its `from` says: `now` (nothing), `beginning`, a position, whose
/// event is the first one, or a time. Refuses a position of another partition than the caller's, or beyond the log's
/// end. May read the log.
[[nodiscard]] Answered<std::optional<events::Sequence>> webhook_start(const Call& call, const Services& services);

}  // namespace keyfold::api
