#pragma once

#include "gateway/api/endpoint.h"
#include "projections/rows.pb.h"

namespace keyfold::api {

/// The plan of giving a key's place to a new one, for whoever may do that. Refuses a recoverable key whose keyspace
/// keeps no ciphertext any more. May block.
[[nodiscard]] Answered<Step> plan_reroll(const Call& call, const Services& services, const rows::KeyRow& key,
                                         const rows::ApiRow& api);

}  // namespace keyfold::api
