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

/// Sets `meta`, unless it is empty.
void set_meta(AnswerJson& out, const std::string& meta_json);
/// Sets `ratelimits`, unless there are none.
void set_ratelimits(AnswerJson& out, const google::protobuf::RepeatedPtrField<v1::Ratelimit>& ratelimits);

/// `{"remaining", "refill"?}`; remaining is null when the key is unlimited.
[[nodiscard]] AnswerJson credits_json(const rows::KeyRow& key);

/// `{"id", "name", "slug", "description"?}`.
[[nodiscard]] AnswerJson permission_json(const rows::PermissionRow& permission);
/// Those that exist, in the order of their slugs.
[[nodiscard]] AnswerJson permissions_json(const Ids& ids, const projections::RowReader& rows);
/// `{"id", "name", "description"?, "permissions"?}`.
[[nodiscard]] AnswerJson role_json(const rows::RoleRow& role, const projections::RowReader& rows);
/// Those that exist, in the order of their names.
[[nodiscard]] AnswerJson roles_json(const Ids& ids, const projections::RowReader& rows);

/// `{"id", "externalId", "meta"?, "ratelimits"?}`.
[[nodiscard]] AnswerJson identity_json(const rows::IdentityRow& identity);

}  // namespace keyfold::actors
