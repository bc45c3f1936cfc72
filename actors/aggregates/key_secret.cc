#include "actors/aggregates/key_secret.h"

#include "projections/key.h"

namespace keyfold::actors {

SealContext key_seal_context(std::string_view workspace_id, std::string_view key_id) {
  return {std::string(workspace_id), "key", std::string(key_id)};
}

Decided decide(const v1::ResealKey& command, const Context& context, const projections::RowReader& reader) {
  if (command.sealed_secret().empty()) return reject(RejectionCode::kInvalidInput, "The ciphertext is missing.");
  Decision decision;
  const auto key = projections::find_key(reader, command.key_id());
  if (!key || key->workspace_id() != context.workspace_id) return decision;
  if (key->sealed_secret().empty() || key->sealed_secret() != command.expected()) return decision;
  auto& resealed = *decision.plan("key", command.key_id()).mutable_key_secret_resealed();
  resealed.set_key_id(command.key_id());
  resealed.set_sealed_secret(command.sealed_secret());
  return decision;
}

}  // namespace keyfold::actors
