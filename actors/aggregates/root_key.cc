#include "actors/aggregates/root_key.h"

#include "projections/root_key.h"

namespace keyfold::actors {

Decided decide(const v1::CreateRootKey& command, const Context& context, const projections::RowReader& reader) {
  if (projections::find_root_key(reader, command.root_key_id())) {
    return reject(RejectionCode::kIdTaken, "The root key id is taken.");
  }
  Decision decision;
  auto& created = *decision.plan("root_key", command.root_key_id()).mutable_root_key_created();
  created.set_root_key_id(command.root_key_id());
  created.set_workspace_id(std::string(context.workspace_id));
  created.set_name(command.name());
  created.set_hash(command.hash());
  created.set_start(command.start());
  *created.mutable_permissions() = command.permissions();
  if (command.has_expires_at_ms()) created.set_expires_at_ms(command.expires_at_ms());
  return decision;
}

Decided decide(const v1::RevokeRootKey& command, const Context& context, const projections::RowReader& reader) {
  const auto root_key = projections::find_root_key(reader, command.root_key_id());
  if (!root_key || root_key->workspace_id() != context.workspace_id || root_key->revoked_at_ms() != 0) {
    return reject(RejectionCode::kRootKeyNotFound, "The root key does not exist or is revoked already.");
  }
  Decision decision;
  decision.plan("root_key", command.root_key_id()).mutable_root_key_revoked()->set_root_key_id(command.root_key_id());
  return decision;
}

}  // namespace keyfold::actors
