#pragma once

#include <string>

namespace keyfold::actors {

/// Why a command changed nothing. A code exists only if a caller can act on it differently. Nodes of neighbouring
/// versions exchange the numbers: new codes go to the end, none is removed.
enum class RejectionCode {
  kInvalidInput,  // a business rule; detail says which
  kWorkspaceNotFound,
  kRootKeyNotFound,
  kApiNotFound,
  kKeyspaceMissing,     // the API has no keyspace
  kKeysNotRecoverable,  // the keyspace keeps no ciphertext
  kApiProtected,        // deletion is switched off
  kKeyNotFound,
  kKeyDisabled,  // a credit can't be spent: the key was disabled after it was looked up
  kKeyExpired,   // a credit can't be spent: the key expired after it was looked up
  kPermissionNotFound,
  kMayNotCreatePermissions,  // one is missing, and the caller may not create it
  kIdentityNotFound,
  kRoleNotFound,
  kRatelimitNamespaceNotFound,
  kRatelimitNamespaceGone,  // the name was deleted
  kRatelimitOverrideNotFound,
  kIdentityExists,
  kPermissionExists,
  kMigrationNotFound,
  kPortalExists,
  kPortalNotFound,
  kPortalSessionNotFound,  // a code or token is unknown, used or expired
  kRoleExists,
  kCreditsExceeded,       // Rejection::credits_remaining holds the balance
  kIdTaken,               // a random id or hash collided: make new ones and try again
  kIdempotencyKeyReused,  // same Idempotency-Key, another body
  kOverloaded,            // the partition's queue is full, or it is shutting down: retry later
  kUnknownOutcome,        // the append failed: ask again with the same Idempotency-Key
  kNotOwner,              // nothing happened: no node that could be reached owns the partition, retry a little later
  kWebhookNotFound,
};

struct Rejection {
  RejectionCode code = RejectionCode::kInvalidInput;
  std::string detail;
  long long credits_remaining = 0;
};

inline Rejection unknown_outcome() {
  return {RejectionCode::kUnknownOutcome,
          "It is not known whether the change was stored: repeat the request with the same Idempotency-Key."};
}

inline Rejection no_owner() {
  return {RejectionCode::kNotOwner,
          "No node that can be reached takes changes of this workspace right now: retry a "
          "little later."};
}

}  // namespace keyfold::actors
