#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "actors/vault/vault.h"
#include "actors/workflows/reseal.h"
#include "schemas/base/clock.h"

namespace keyfold::ops {

/// What an operator may ask of a running server's vault; answers are JSON. Thread-safe. Every call may block.
class VaultAdmin {
 public:
  /// All outlive it; `wake_reseals` is thread-safe.
  VaultAdmin(actors::Vault& vault, const actors::ResealWorkflow& reseals, const Clock& clock,
             std::function<void()> wake_reseals)
      : vault_(vault), reseals_(reseals), clock_(clock), wake_reseals_(std::move(wake_reseals)) {}

  /// `masterKey`, `previousMasterKeys`, `dataKeys`, and what is left to do: `underPreviousMasterKeys` (data keys),
  /// `superseded` (data keys) and `secretsToReseal`.
  [[nodiscard]] Result<nlohmann::ordered_json> status() const;

  /// Wraps some data keys by the current master key: `done`, `left`.
  [[nodiscard]] Result<nlohmann::ordered_json> rewrap();

  /// Gives the ring a new data key: `done`, `left`.
  [[nodiscard]] Result<nlohmann::ordered_json> rotate(const std::string& ring);
  /// The same for some of the rings whose data key is older than `before_ms` (0: now): `done`, `left`, `before`.
  [[nodiscard]] Result<nlohmann::ordered_json> rotate_all(std::int64_t before_ms);

 private:
  actors::Vault& vault_;
  const actors::ResealWorkflow& reseals_;
  const Clock& clock_;
  const std::function<void()> wake_reseals_;
};

}  // namespace keyfold::ops
