#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "actors/runtime.h"
#include "actors/vault/vault.h"
#include "projections/projections.h"

namespace keyfold::actors {

/// The slow part of a data key's rotation: seals anew, under the ring's latest data key, what older ones sealed, and
/// destroys a data key that nothing needs any more. What is to be done follows from the vault and the rows, so a pass
/// that is cut off is gone on with by the next one.
///
/// Whoever keeps ciphertext for longer than an hour of the clock is counted here, or its data key would be destroyed
/// under it. Today these are the secrets of recoverable keys and of webhooks; their ring is their workspace.
class ResealWorkflow {
 public:
  /// All outlive it.
  ResealWorkflow(Runtime& runtime, const projections::Projections& projections, Vault& vault, const Clock& clock);

  /// One pass over everything; may take long, ends early at a stop. From one thread at a time.
  struct Report {
    std::uint64_t resealed = 0;   // ciphertexts handed in
    std::uint64_t failed = 0;     // ciphertexts that could not be opened or sealed: they keep their data key alive
    std::uint64_t destroyed = 0;  // data keys
    std::uint64_t left = 0;       // superseded data keys that are still needed, or held
    std::string reason;           // of the last failure
  };
  [[nodiscard]] Result<Report> run(const std::stop_token& stop);

  /// What a pass would find. Thread-safe; reads every superseded ring's list.
  struct Left {
    std::uint64_t data_keys = 0;  // superseded ones
    std::uint64_t secrets = 0;    // ciphertexts under them
  };
  [[nodiscard]] Result<Left> left() const;

  /// Since the start; thread-safe.
  struct Stats {
    std::uint64_t resealed = 0;
    std::uint64_t failed = 0;
    std::uint64_t data_keys_left = 0;  // after the last pass
  };
  [[nodiscard]] Stats stats() const;

 private:
  using DataKeyIds = std::set<std::string>;
  [[nodiscard]] Result<std::map<std::string, DataKeyIds>> superseded() const;
  void reseal_ring(const std::string& ring, const DataKeyIds& old_keys, const std::stop_token& stop, Report& report);
  [[nodiscard]] Status destroy_idle(const std::string& ring, const DataKeyIds& old_keys, Report& report);
  /// A key or a webhook whose row holds ciphertext.
  struct Secret {
    projections::Table table;
    std::string id;
    std::string data_key;
  };
  using SecretVisitor = std::function<bool(const Secret& secret)>;
  void visit_secrets(const std::string& ring, const SecretVisitor& visit) const;
  /// False when the visitor said so.
  [[nodiscard]] bool visit_list(const std::string& ring, projections::Table table, std::string_view list,
                                const SecretVisitor& visit) const;
  /// The command that puts new ciphertext into the place of the old; nothing when the row has gone.
  struct Resealed {
    v1::Command command;
    DataKeyHold hold;
  };
  [[nodiscard]] Result<std::optional<Resealed>> seal_anew(const std::string& ring, const Secret& secret) const;

  Runtime& runtime_;
  const projections::Projections& projections_;
  Vault& vault_;
  const Clock& clock_;
  std::atomic<std::uint64_t> resealed_{0};
  std::atomic<std::uint64_t> failed_{0};
  std::atomic<std::uint64_t> data_keys_left_{0};
};

}  // namespace keyfold::actors
