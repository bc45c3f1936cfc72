#pragma once

#include <string>

#include "schemas/base/hash.h"

namespace keyfold::api {

/// A new root key. The secret is shown to its maker once and then forgotten: only id, hash and start are stored.
struct RootKeySecret {
  std::string id;      // rk_ and 16 random characters
  std::string secret;  // unkey_ and the base58 form of 24 random bytes
  std::string start;   // the secret's first 10 characters, to tell root keys apart
  Digest hash;         // SHA-256 of the whole secret
};

/// Makes one from the kernel's randomness. Thread-safe.
[[nodiscard]] RootKeySecret make_root_key_secret();

}  // namespace keyfold::api
