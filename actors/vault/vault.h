#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "events/log.h"
#include "schemas/base/clock.h"
#include "schemas/base/result.h"

namespace keyfold::actors {

/// A 32-byte key that wraps data keys; its id is derived from it, so that a wrong one is noticed.
struct MasterKey {
  std::string id;     // "mk_" and the first 16 hex digits of SHA-256 over the key
  std::string bytes;  // 32
  /// From base64 (as in the config). kInvalidArgument unless it decodes to 32 bytes.
  [[nodiscard]] static Result<MasterKey> from_base64(std::string_view text);
  /// Reads the file, or makes it with mode 0600 when it does not exist. Refuses a file that others may read.
  [[nodiscard]] static Result<MasterKey> from_file(const std::filesystem::path& file);
  /// A key for another purpose, derived by HMAC (e.g. the log's checkpoint).
  [[nodiscard]] std::string derive(std::string_view purpose) const;
};

/// What a ciphertext belongs to; part of the additional data, so that it opens nowhere else.
struct SealContext {
  std::string ring;     // whose data key: a workspace, or one hour of idempotency records
  std::string purpose;  // e.g. "idempotency"
  std::string record;   // the record's id
};

/// Envelope encryption: AES-256-GCM data keys per ring, wrapped by the master key, kept in a store that can forget.
/// Thread-safe.
class Vault {
 public:
  Vault(events::ErasableStore& store, MasterKey master, const Clock& clock);
  ~Vault();
  Vault(const Vault&) = delete;
  Vault& operator=(const Vault&) = delete;

  /// Serialized v1::Sealed. The ring's data key is made on first use; `destroy_after_ms` (Unix time, 0: never) is
  /// fixed then.
  [[nodiscard]] Result<std::string> seal(const SealContext& context, std::string_view plaintext,
                                         std::int64_t destroy_after_ms = 0);
  /// kNotFound when the data key was destroyed, kDataLoss when bytes or context don't match,
  /// kFailedPrecondition when the master key is another one.
  [[nodiscard]] Result<std::string> open(const SealContext& context, std::string_view sealed) const;

  /// Destroys the data keys whose time has come, here and in the store; returns how many.
  [[nodiscard]] Result<int> destroy_expired();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace keyfold::actors
