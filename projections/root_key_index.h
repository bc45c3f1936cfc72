#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "projections/rows.h"
#include "schemas/base/hash.h"

namespace keyfold::projections {

/// A root key as authentication sees it; immutable.
struct RootKey {
  std::string root_key_id;
  std::string workspace_id;
  events::PartitionId partition = 0;  // of the workspace
  std::string name;
  std::vector<std::string> permissions;  // sorted, distinct
  std::optional<std::int64_t> expires_at_ms;
};

/// Live root keys of all partitions by hash of the secret. Thread-safe: any number of readers, one writer a partition.
class RootKeyIndex {
 public:
  RootKeyIndex();
  ~RootKeyIndex();
  RootKeyIndex(const RootKeyIndex&) = delete;
  RootKeyIndex& operator=(const RootKeyIndex&) = delete;

  /// The root key of that hash; null when unknown or revoked. Expiry is the caller's check.
  [[nodiscard]] std::shared_ptr<const RootKey> find(const Digest& hash) const;

  /// Brings the index up to date with committed changes of one partition.
  void apply(events::PartitionId partition, const Changes& changes);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace keyfold::projections
