#pragma once

#include "actors/aggregates/decision.h"
#include "actors/vault/vault.h"

// The ciphertext of a recoverable key.
namespace keyfold::actors {

/// What a key's ciphertext is bound to: its workspace's ring and its id.
[[nodiscard]] SealContext key_seal_context(std::string_view workspace_id, std::string_view key_id);

/// Puts another ciphertext of the same secret in the place of the expected one. Nothing happens when the key holds
/// another one by now, or none: a change in between wins. Soft-deleted keys are changed too.
[[nodiscard]] Decided decide(const v1::ResealKey& command, const Context& context,
                             const projections::RowReader& reader);

}  // namespace keyfold::actors
