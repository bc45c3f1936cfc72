#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "schemas/base/result.h"

/// Texts with signatures below them (C2SP signed-note).
namespace keyfold::events {

/// A public key and the name that it signs under.
struct NoteVerifier {
  std::string name;
  std::uint32_t key_id = 0;
  std::string key;  // a byte for the kind of signature, then the public key

  /// From `name+key id in hex+base64`. kInvalidArgument for another form, or a kind of signature that this build can't
  /// check.
  [[nodiscard]] static Result<NoteVerifier> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;
};

/// Signs texts under one name with Ed25519. Thread-safe; the key is wiped when it goes away.
class NoteSigner {
 public:
  /// `seed`: the private key of RFC 8032, 32 bytes. kInvalidArgument for a name that is empty or holds a space, a plus
  /// sign or a control character.
  [[nodiscard]] static Result<NoteSigner> make(std::string name, std::string_view seed);
  NoteSigner(NoteSigner&&) noexcept;
  NoteSigner& operator=(NoteSigner&&) noexcept;
  ~NoteSigner();

  [[nodiscard]] const NoteVerifier& verifier() const { return verifier_; }
  /// The text, which ends with a newline, with its signature below.
  [[nodiscard]] std::string sign(std::string_view text) const;

 private:
  struct Key;
  NoteSigner(std::unique_ptr<Key> key, NoteVerifier verifier);
  std::unique_ptr<Key> key_;
  NoteVerifier verifier_;
};

/// The text of a note that at least one of the keys has signed; signatures of others are passed over.
/// kInvalidArgument when this is no note; kDataLoss when a signature of one of the keys is wrong, or there is none.
/// Limits: 1 MiB, 100 signatures.
[[nodiscard]] Result<std::string> open_note(std::string_view note, std::span<const NoteVerifier> verifiers);

}  // namespace keyfold::events
