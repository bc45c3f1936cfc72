#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "keyfold/v1/command.pb.h"

// The members that createKey, updateKey and migrateKeys share, from JSON that is valid by the schema. Everything new
// gets a candidate id, because deciding must not draw random numbers.
namespace keyfold::api {

[[nodiscard]] v1::Refill refill_from(const nlohmann::json& refill);
void read_ratelimits(const nlohmann::json& limits, google::protobuf::RepeatedPtrField<v1::Ratelimit>& out);
void read_references(const nlohmann::json& names, std::string_view id_prefix,
                     google::protobuf::RepeatedPtrField<v1::Reference>& out);
void read_permissions(const nlohmann::json& slugs, google::protobuf::RepeatedPtrField<v1::Reference>& out);
[[nodiscard]] v1::Reference identity_from(const std::string& external_id);

/// What a new key is described by, but for its secret, its roles and where it is created.
void read_new_key(const nlohmann::json& key, v1::CreateKey& command);

}  // namespace keyfold::api
