#pragma once

#include <string>

#include "gateway/api/endpoint.h"

// The members that createIdentity and updateIdentity share, from JSON that is valid by the schema.
namespace keyfold::api {

/// The text of `meta`; empty for an empty object. Refuses more than 1 MiB.
[[nodiscard]] Answered<std::string> identity_meta_from(const nlohmann::json& meta);
/// The entries of `ratelimits`, with new ids. Refuses a name that comes twice.
[[nodiscard]] Answered<google::protobuf::RepeatedPtrField<v1::Ratelimit>> identity_ratelimits_from(
    const nlohmann::json& limits);

}  // namespace keyfold::api
