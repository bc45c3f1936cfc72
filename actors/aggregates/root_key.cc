#include "actors/aggregates/root_key.h"

#include "projections/root_key.h"

namespace keyfold::actors {
namespace {

std::optional<rows::RootKeyRow> find_live_root_key(const Context& context, const projections::RowReader& reader,
                                                   std::string_view root_key_id) {
  auto root_key = projections::find_root_key(reader, root_key_id);
  const bool is_live = root_key && root_key->workspace_id() == context.workspace_id && root_key->revoked_at_ms() == 0;
  if (!is_live) root_key.reset();
  return root_key;
}

tl::unexpected<Rejection> root_key_not_found() {
  return reject(RejectionCode::kRootKeyNotFound, "The root key does not exist or is revoked already.");
}

}  // namespace

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

Decided decide(const v1::UpdateRootKey& command, const Context& context, const projections::RowReader& reader) {
  const auto root_key = find_live_root_key(context, reader, command.root_key_id());
  if (!root_key) return root_key_not_found();
  v1::RootKeyUpdated updated;
  if (command.has_name() && command.name() != root_key->name()) updated.set_name(command.name());
  if (command.has_enabled() && command.enabled() == root_key->disabled()) updated.set_enabled(command.enabled());
  Decision decision;
  if (!updated.has_name() && !updated.has_enabled()) return decision;
  updated.set_root_key_id(command.root_key_id());
  *decision.plan("root_key", command.root_key_id()).mutable_root_key_updated() = std::move(updated);
  return decision;
}

Decided decide(const v1::RevokeRootKey& command, const Context& context, const projections::RowReader& reader) {
  if (!find_live_root_key(context, reader, command.root_key_id())) return root_key_not_found();
  Decision decision;
  decision.plan("root_key", command.root_key_id()).mutable_root_key_revoked()->set_root_key_id(command.root_key_id());
  return decision;
}

}  // namespace keyfold::actors
