#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "projections/ratelimits_view.h"
#include "projections/rows.h"
#include "schemas/base/function_ref.h"
#include "schemas/base/hash.h"

namespace keyfold::projections {

/// What verification needs of one key; valid only during the visitor's call.
struct KeyView {
  std::string_view key_id;
  std::string_view api_id;
  std::string_view keyspace_id;
  std::string_view workspace_id;
  std::string_view name;
  std::string_view meta_json;
  bool enabled = false;
  std::optional<std::int64_t> expires_at_ms;
  std::optional<std::int64_t> credits_remaining;
  std::span<const std::string_view> permissions;  // slugs, direct and through roles, sorted, distinct
  std::span<const std::string_view> roles;        // names, sorted
  RatelimitsView ratelimits;                      // its own
  std::string_view identity_id;                   // empty: none
  std::string_view external_id;
  std::string_view identity_meta_json;
  RatelimitsView identity_ratelimits;         // also those of which the key has one of the same name
  std::span<const std::string> ip_allowlist;  // of its API; empty: from everywhere
};

/// The in-memory index of one partition's live keys by hash of the secret. Keys of deleted APIs and deleted keys are
/// not found. One writer (the partition's), any number of readers that never wait for it.
class KeyIndex {
 public:
  KeyIndex();
  ~KeyIndex();
  KeyIndex(const KeyIndex&) = delete;
  KeyIndex& operator=(const KeyIndex&) = delete;

  /// Calls `visit` with the key of that hash; false when there is none. Thread-safe, wait-free but for the visitor,
  /// which must not wait for anything: until it returns, no memory that a writer has replaced can be freed.
  bool visit(const Digest& hash, FunctionRef<void(const KeyView&)> visit) const;

  /// Brings the index up to date with changes that were just committed; `rows` reads the committed state. A look-up
  /// that begins after it returned sees all of them, an earlier one sees each key as it was or as it is. A key is
  /// taken out by its row's `deleted_at_ms` or by the erased row of its hash; an API's deletion is final. Rows of keys
  /// alone are enough to fill an empty index. Writer only.
  void apply(const Changes& changes, const RowReader& rows);

  struct Stats {
    std::uint64_t keys = 0;
    std::uint64_t bytes = 0;  // all memory that the index holds
  };
  /// As of the last `apply`. Thread-safe.
  [[nodiscard]] Stats stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace keyfold::projections
