#include "actors/aggregates/answer_json.h"

#include <map>

#include "projections/permission.h"
#include "projections/role.h"

namespace keyfold::actors {
namespace {

AnswerJson values(std::map<std::string, AnswerJson>&& by_name) {
  AnswerJson list = AnswerJson::array();
  for (auto& [name, value] : by_name) list.push_back(std::move(value));
  return list;
}

}  // namespace

void set_meta(AnswerJson& out, const std::string& meta_json) {
  if (meta_json.empty()) return;
  AnswerJson meta = AnswerJson::parse(meta_json, nullptr, false);
  if (!meta.empty() && !meta.is_discarded()) out["meta"] = std::move(meta);
}

void set_ratelimits(AnswerJson& out, const google::protobuf::RepeatedPtrField<v1::Ratelimit>& ratelimits) {
  for (const v1::Ratelimit& limit : ratelimits) {
    out["ratelimits"].push_back({{"id", limit.ratelimit_id()},
                                 {"name", limit.name()},
                                 {"limit", limit.limit()},
                                 {"duration", limit.duration_ms()},
                                 {"autoApply", limit.auto_apply()}});
  }
}

AnswerJson credits_json(const rows::KeyRow& key) {
  AnswerJson credits{{"remaining", nullptr}};
  if (key.has_credits_remaining()) credits["remaining"] = key.credits_remaining();
  if (key.has_refill()) {
    const bool is_monthly = key.refill().interval() == v1::Refill::MONTHLY;
    AnswerJson& refill = credits["refill"];
    refill["interval"] = is_monthly ? "monthly" : "daily";
    refill["amount"] = key.refill().amount();
    if (is_monthly) refill["refillDay"] = key.refill().refill_day();
  }
  return credits;
}

AnswerJson permission_json(const rows::PermissionRow& permission) {
  AnswerJson out{{"id", permission.permission_id()}, {"name", permission.name()}, {"slug", permission.slug()}};
  if (!permission.description().empty()) out["description"] = permission.description();
  return out;
}

AnswerJson permissions_json(const Ids& ids, const projections::RowReader& rows) {
  std::map<std::string, AnswerJson> by_slug;
  for (const std::string& id : ids) {
    if (const auto row = projections::find_permission(rows, id)) by_slug[row->slug()] = permission_json(*row);
  }
  return values(std::move(by_slug));
}

AnswerJson role_json(const rows::RoleRow& role, const projections::RowReader& rows) {
  AnswerJson out{{"id", role.role_id()}, {"name", role.name()}};
  if (!role.description().empty()) out["description"] = role.description();
  AnswerJson permissions = permissions_json(role.permission_ids(), rows);
  if (!permissions.empty()) out["permissions"] = std::move(permissions);
  return out;
}

AnswerJson roles_json(const Ids& ids, const projections::RowReader& rows) {
  std::map<std::string, AnswerJson> by_name;
  for (const std::string& id : ids) {
    if (const auto row = projections::find_role(rows, id)) by_name[row->name()] = role_json(*row, rows);
  }
  return values(std::move(by_name));
}

AnswerJson identity_json(const rows::IdentityRow& identity) {
  AnswerJson shown{{"id", identity.identity_id()}, {"externalId", identity.external_id()}};
  set_meta(shown, identity.meta_json());
  set_ratelimits(shown, identity.ratelimits());
  return shown;
}

}  // namespace keyfold::actors
