#pragma once

#include <cstdint>
#include <string>

#include "projections/key_index.h"
#include "projections/rows.pb.h"
#include "schemas/base/hash.h"

// The form of a key in the arena: 48 bytes of head, 8 of credits and 8 of expiry for keys that have them, then the
// lengths (varints) and bytes of key id, name and meta, for keys with rate limits the number of their set and the
// packed ids, zeros up to a multiple of 8. Immutable once published, but for the credits.
namespace keyfold::projections {

/// The numbers of what a key shares with others.
struct SharedParts {
  std::uint32_t scope = 0;
  std::uint32_t grant = 0;
  std::uint32_t identity = 0;
  std::uint32_t limits = 0;
};

/// Writes a row's record over `record`, whose capacity is used again. The row's hash is of 32 bytes.
void encode_record(const rows::KeyRow& row, const SharedParts& shared, std::string& record);

/// A record in place; 8-byte aligned.
class RecordView {
 public:
  explicit RecordView(char* bytes) : bytes_(bytes) {}

  [[nodiscard]] std::uint32_t size() const;
  [[nodiscard]] const char* hash() const { return bytes_; }
  /// In a time that does not depend on where the hashes differ.
  [[nodiscard]] bool has_hash(const char* hash) const;
  [[nodiscard]] SharedParts shared() const;
  [[nodiscard]] std::string_view key_id() const;
  /// Packed; only of a key with rate limits.
  [[nodiscard]] std::string_view ratelimit_ids() const;
  /// Everything that the record itself holds; what it shares stays empty.
  [[nodiscard]] KeyView view() const;

  /// Whether the two differ in nothing or in the number of credits alone.
  [[nodiscard]] bool same_but_credits(const std::string& record) const;
  /// Takes over the number of credits of a record that is the same but for them. Readers see the old one or the new.
  void copy_credits(const std::string& record) const;

 private:
  char* bytes_;
};

}  // namespace keyfold::projections
