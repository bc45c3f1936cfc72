#pragma once

#include "gateway/api/endpoint.h"

namespace keyfold::api {

[[nodiscard]] Answered<Step> create_workspace(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> list_workspaces(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> update_workspace(const Call& call, const Services& services);

}  // namespace keyfold::api
