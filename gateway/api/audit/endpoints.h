#pragma once

#include "gateway/api/endpoint.h"

/// Reading the history of a workspace; all additions of keyfold. Permission: `event.*.read_event`.
namespace keyfold::api {

[[nodiscard]] Answered<Step> list_events(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> get_resource_history(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> get_state_as_of(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> get_diff(const Call& call, const Services& services);

}  // namespace keyfold::api
