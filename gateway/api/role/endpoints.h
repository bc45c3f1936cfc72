#pragma once

#include "gateway/api/endpoint.h"

namespace keyfold::api {

[[nodiscard]] Answered<Step> create_role(const Call& call, const Services& services);

}  // namespace keyfold::api
