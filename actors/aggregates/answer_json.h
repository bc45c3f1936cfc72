#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>

#include "projections/rows.h"
#include "projections/rows.pb.h"

// What the API's answers say of rows, for Decision::data_json and for whoever reads the rows later.
namespace keyfold::actors {

using AnswerJson = nlohmann::ordered_json;
using Ids = google::protobuf::RepeatedPtrField<std::string>;

/// `{"remaining", "refill"?}`; remaining is null when the key is unlimited.
[[nodiscard]] AnswerJson credits_json(const rows::KeyRow& key);

}  // namespace keyfold::actors
