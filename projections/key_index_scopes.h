#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "projections/key_index_interner.h"
#include "projections/rows.h"
#include "projections/rows.pb.h"

namespace keyfold::projections {

/// Where a key belongs.
struct Scope {
  std::string api_id;
  std::string keyspace_id;
  std::string workspace_id;
  bool closed = false;                    // its API is deleted: none of its keys is found
  std::vector<std::string> ip_allowlist;  // of its API

  [[nodiscard]] std::uint64_t bytes() const {
    std::uint64_t sum = sizeof(Scope) + api_id.capacity() + keyspace_id.capacity() + workspace_id.capacity();
    for (const std::string& address : ip_allowlist) sum += sizeof address + address.capacity();
    return sum;
  }
};

/// The scopes of a partition's keys. One writer; `operator[]` for readers under a ReadGuard.
class Scopes {
 public:
  explicit Scopes(Reclaimer& reclaimer) : scopes_(reclaimer) {}

  [[nodiscard]] const Scope& operator[](std::uint32_t id) const { return scopes_[id]; }

  /// The key's scope, held once more; nothing when its API is deleted or unknown.
  [[nodiscard]] std::optional<std::uint32_t> hold(const rows::KeyRow& row, const RowReader& rows);
  void release(std::uint32_t id);
  /// Takes note of an API's row; no value: there is none any more.
  void change_api(std::string_view api_id, const std::optional<std::string>& value);
  /// What was looked up in vain may be there in the next batch of changes.
  void end_batch() { closed_apis_.clear(); }

  /// Keys that are held only because nobody has removed them since their API was deleted.
  [[nodiscard]] std::uint64_t closed_keys() const { return closed_keys_; }
  [[nodiscard]] std::uint64_t bytes() const;

 private:
  void close(const std::vector<std::uint32_t>& ids);
  void allow(const std::vector<std::uint32_t>& ids, const rows::ApiRow& row);

  Interner<Scope> scopes_;
  std::unordered_map<std::string, std::vector<std::uint32_t>> open_;  // by API; more than one only if it were moved
  std::unordered_set<std::string> closed_apis_;                       // met in this batch
  std::uint64_t closed_keys_ = 0;
};

}  // namespace keyfold::projections
