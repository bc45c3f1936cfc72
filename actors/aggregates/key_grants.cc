#include "actors/aggregates/key_grants.h"

#include "actors/aggregates/answer_json.h"
#include "actors/aggregates/id_set_change.h"
#include "actors/aggregates/key.h"
#include "actors/aggregates/permission.h"
#include "actors/aggregates/role.h"
#include "projections/permission.h"
#include "projections/role.h"

namespace keyfold::actors {
namespace {

tl::unexpected<Rejection> no_operation() {
  return reject(RejectionCode::kInvalidInput, "The command must add, remove or replace.");
}

tl::unexpected<Rejection> too_many(const std::string& what, int max) {
  return reject(RejectionCode::kInvalidInput, "The key would have more than " + std::to_string(max) + " " + what +
                                                  " of its own: remove some that it does not need.");
}

IfMissing if_missing(const v1::ChangeKeyPermissions& command) {
  if (command.operation() == v1::REMOVE) return IfMissing::kNotFound;
  return command.may_create() ? IfMissing::kCreate : IfMissing::kForbidden;
}

AnswerJson joined(AnswerJson list, const AnswerJson& more) {
  list.insert(list.end(), more.begin(), more.end());
  return list;
}

}  // namespace

Decided decide(const v1::ChangeKeyPermissions& command, const Context& context, const projections::RowReader& reader) {
  if (command.operation() == v1::SET_OPERATION_UNSPECIFIED) return no_operation();
  const auto key = find_live_key(context, reader, command.key_id());
  if (!key) return key_not_found();
  Decision decision;
  const auto named = resolve_permissions(command.permissions(), context, reader, decision, if_missing(command));
  if (!named) return tl::unexpected(named.error());
  const IdSetChange change =
      change_id_set(command.operation(), key->permission_ids(), *named,
                    [&](const std::string& id) { return projections::find_permission(reader, id).has_value(); });
  if (!change.connected.empty() && change.kept.size() + change.connected.size() > kKeyPermissionsMax) {
    return too_many("permissions", kKeyPermissionsMax);
  }
  if (!change.is_none()) {
    auto& changed = *decision.plan("key", command.key_id()).mutable_key_permissions_changed();
    changed.set_key_id(command.key_id());
    set_ids(change, changed);
  }
  Foresight after(context, reader);
  after.add(decision);
  decision.data_json =
      joined(permissions_json(change.kept, after.rows()), permissions_json(change.connected, after.rows())).dump();
  return decision;
}

Decided decide(const v1::ChangeKeyRoles& command, const Context& context, const projections::RowReader& reader) {
  if (command.operation() == v1::SET_OPERATION_UNSPECIFIED) return no_operation();
  const auto key = find_live_key(context, reader, command.key_id());
  if (!key) return key_not_found();
  const auto named = resolve_roles(command.names(), context, reader);
  if (!named) return tl::unexpected(named.error());
  const IdSetChange change = change_id_set(command.operation(), key->role_ids(), *named, [&](const std::string& id) {
    return projections::find_role(reader, id).has_value();
  });
  if (!change.connected.empty() && change.kept.size() + change.connected.size() > kKeyRolesMax) {
    return too_many("roles", kKeyRolesMax);
  }
  Decision decision;
  if (!change.is_none()) {
    auto& changed = *decision.plan("key", command.key_id()).mutable_key_roles_changed();
    changed.set_key_id(command.key_id());
    set_ids(change, changed);
  }
  decision.data_json = joined(roles_json(change.kept, reader), roles_json(change.connected, reader)).dump();
  return decision;
}

}  // namespace keyfold::actors
