#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "actors/vault/secret_bytes.h"
#include "events/log.h"
#include "schemas/base/clock.h"
#include "schemas/base/result.h"

namespace keyfold::actors {

/// A 32-byte key that wraps data keys; its id is derived from it, so that a wrong one is noticed. Its bytes are wiped
/// when it goes away.
struct MasterKey {
  std::string id;     // "mk_" and the first 16 hex digits of SHA-256 over the key
  std::string bytes;  // 32
  ~MasterKey();
  /// From base64 (as in the config). kInvalidArgument unless it decodes to 32 bytes.
  [[nodiscard]] static Result<MasterKey> from_base64(std::string_view text);
  /// Reads the file, or makes it with mode 0600 when it does not exist. Refuses a file that others may read.
  [[nodiscard]] static Result<MasterKey> from_file(const std::filesystem::path& file);
  /// The same, but makes nothing; kNotFound when the file is missing.
  [[nodiscard]] static Result<MasterKey> from_existing_file(const std::filesystem::path& file);
  /// A key for another purpose, derived by HMAC (e.g. the log's checkpoint).
  [[nodiscard]] std::string derive(std::string_view purpose) const;
};

/// The master key that wraps what is new, and those from before that still open what is old.
struct MasterKeys {
  MasterKey current;
  std::vector<MasterKey> previous;
};

/// What a ciphertext belongs to; part of the additional data, so that it opens nowhere else.
struct SealContext {
  std::string ring;     // whose data key: a workspace, or one hour of idempotency records; 1 to 128 of [A-Za-z0-9_/-]
  std::string purpose;  // e.g. "idempotency"
  std::string record;   // the record's id
};

/// Keeps a data key from being destroyed while a ciphertext that was just made under it is on its way to where it is
/// kept and counted.
using DataKeyHold = std::shared_ptr<const void>;
struct HeldSealed {
  std::string sealed;  // serialized v1::Sealed
  DataKeyHold hold;
};

/// A data key as the store has it.
struct DataKeyInfo {
  std::string id;
  std::string ring;
  std::string master_key_id;
  std::int64_t created_at_ms = 0;
  std::int64_t destroy_after_ms = 0;                                 // 0: kept until nothing needs it
  enum class Place { kLatest, kSuperseded } place = Place::kLatest;  // in its ring
};

/// What a bounded step of a rotation did, and what is left for the next.
struct RotationStep {
  std::uint64_t done = 0;
  std::uint64_t left = 0;
};

class DataKeys;

/// Whether other processes use the vault's store too. Then nothing that is kept in memory is believed before the store
/// was looked at, and a superseded data key lives on for a while, because somebody else may be sealing with it.
enum class VaultStore { kOwn, kShared };

/// How long a superseded data key of a shared store may still be in use: far longer than a request may take and a node
/// may lag behind. In milliseconds.
inline constexpr std::int64_t kSharedDataKeyGraceMs = 600'000;

/// Envelope encryption: AES-256-GCM data keys per ring, wrapped by a master key, kept in a store that can forget. A
/// ring has one data key that seals (its latest) and any number of older ones that only open. Thread-safe; opening and
/// sealing under known data keys waits for no disk.
class Vault {
 public:
  Vault(events::ErasableStore& store, MasterKeys masters, const Clock& clock, VaultStore sharing = VaultStore::kOwn);
  Vault(events::ErasableStore& store, const MasterKey& master, const Clock& clock);
  ~Vault();
  Vault(const Vault&) = delete;
  Vault& operator=(const Vault&) = delete;

  /// Serialized v1::Sealed. The ring's data key is made on first use; `destroy_after_ms` (Unix time, 0: never) is
  /// fixed then. kInvalidArgument for a ring's name of another form or a text above 16 MiB.
  [[nodiscard]] Result<std::string> seal(const SealContext& context, std::string_view plaintext,
                                         std::int64_t destroy_after_ms = 0);
  /// The same for what outlives rotations: whoever keeps the ciphertext holds on until it is kept.
  [[nodiscard]] Result<HeldSealed> seal_held(const SealContext& context, std::string_view plaintext);
  /// kNotFound when the data key was destroyed, kDataLoss when bytes or context don't match,
  /// kFailedPrecondition when the master key is another one.
  [[nodiscard]] Result<std::string> open(const SealContext& context, std::string_view sealed) const;

  /// A secret of 32 bytes that stays the same for as long as the store exists: no rotation of data keys replaces it,
  /// and one of the master key wraps it anew. It is derived from the first master key, so that nodes which ask for it
  /// at the same time get the same. kInvalidArgument for a name that no ring could have.
  [[nodiscard]] Result<SecretBytes> fixed_secret(const std::string& name);

  /// Destroys the data keys whose time has come, here and in the store; returns how many.
  [[nodiscard]] Result<int> destroy_expired();

  /// kFailedPrecondition, with what to do, when the store holds data keys that are still needed and wrapped by a master
  /// key which is not configured.
  [[nodiscard]] Status check_master_keys() const;
  [[nodiscard]] const std::string& master_key_id() const;
  /// Of those from before, in the order of the configuration.
  [[nodiscard]] const std::vector<std::string>& previous_master_key_ids() const;

  /// Wraps data keys of previous master keys by the current one: at most `keys_max` of them. Repeating it goes on where
  /// it stopped, also after a crash, and with nothing left does nothing.
  [[nodiscard]] Result<RotationStep> rewrap(std::size_t keys_max);

  /// Gives the ring a new latest data key. kNotFound for a ring without one; kInvalidArgument for one whose data keys
  /// are destroyed by the clock.
  [[nodiscard]] Status rotate(const std::string& ring);
  /// The same for every ring whose latest data key was made before `before_ms`: at most `rings_max` of them. Rings
  /// whose data keys are destroyed by the clock are passed over.
  [[nodiscard]] Result<RotationStep> rotate_all(std::int64_t before_ms, std::size_t rings_max);

  /// Data keys in the order of their ids, those after the given one (empty: from the first), at most `keys_max`.
  [[nodiscard]] Result<std::vector<DataKeyInfo>> data_keys(const std::string& after_id, std::size_t keys_max) const;

  /// Whether a ciphertext made under the data key may be under way. Once false for a key that is not its ring's latest,
  /// false for ever.
  [[nodiscard]] bool is_held(const std::string& data_key_id) const;
  /// Destroys a data key that nothing needs any more. kFailedPrecondition when it is its ring's latest or held.
  [[nodiscard]] Status destroy(const std::string& data_key_id);

  /// Since the start.
  struct Stats {
    std::uint64_t sealed = 0;
    std::uint64_t opened = 0;
    std::uint64_t failed = 0;  // texts that could not be sealed or opened
    std::uint64_t data_keys_made = 0;
    std::uint64_t data_keys_rewrapped = 0;
    std::uint64_t data_keys_destroyed = 0;
  };
  [[nodiscard]] Stats stats() const;

 private:
  struct Counters;
  const std::unique_ptr<Counters> counters_;
  const std::unique_ptr<DataKeys> keys_;
};

}  // namespace keyfold::actors
