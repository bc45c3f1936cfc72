#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "projections/rows.h"
#include "schemas/base/hash.h"

namespace keyfold::projections {

/// What holds for every request to a workspace, as of its last change. Thread-safe.
class WorkspaceStanding {
 public:
  enum class State : std::uint8_t { kMissing, kDisabled, kEnabled };
  [[nodiscard]] State state() const { return state_.load(std::memory_order_acquire); }
  /// Requests in a minute; nothing: unlimited.
  [[nodiscard]] std::optional<std::int64_t> requests_per_minute_max() const {
    const std::int64_t most = requests_per_minute_max_.load(std::memory_order_acquire);
    return most == kUnlimited ? std::nullopt : std::optional(most);
  }
  void set(State state, std::optional<std::int64_t> requests_per_minute_max) {
    state_.store(state, std::memory_order_release);
    requests_per_minute_max_.store(requests_per_minute_max.value_or(kUnlimited), std::memory_order_release);
  }

 private:
  static constexpr std::int64_t kUnlimited = -1;
  std::atomic<State> state_{State::kMissing};
  std::atomic<std::int64_t> requests_per_minute_max_{kUnlimited};
};

/// A root key as authentication sees it; immutable.
struct RootKey {
  std::string root_key_id;
  std::string workspace_id;
  events::PartitionId partition = 0;  // of the workspace
  std::string name;
  std::vector<std::string> permissions;  // sorted, distinct
  std::optional<std::int64_t> expires_at_ms;
  bool enabled = true;
  std::shared_ptr<const WorkspaceStanding> workspace;  // never null; shared by the workspace's root keys
};

/// Live root keys of all partitions by hash of the secret, and the workspaces that they act for. Thread-safe: any
/// number of readers, one writer a partition.
class RootKeyIndex {
 public:
  RootKeyIndex();
  ~RootKeyIndex();
  RootKeyIndex(const RootKeyIndex&) = delete;
  RootKeyIndex& operator=(const RootKeyIndex&) = delete;

  /// The root key of that hash; null when unknown or revoked. Whether it is enabled, unexpired, and of a workspace in
  /// good standing is the caller's check.
  [[nodiscard]] std::shared_ptr<const RootKey> find(const Digest& hash) const;
  /// Never null.
  [[nodiscard]] std::shared_ptr<const WorkspaceStanding> workspace(const std::string& workspace_id) const;

  /// Brings the index up to date with committed changes of one partition.
  void apply(events::PartitionId partition, const Changes& changes);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace keyfold::projections
