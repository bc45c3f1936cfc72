#include "projections/root_key_index.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

#include "projections/rows.pb.h"

namespace keyfold::projections {
namespace {

constexpr std::string_view kRootKeyRow = "r/";
constexpr std::string_view kWorkspaceRow = "w/";

struct HashOfDigest {
  std::size_t operator()(const Digest& digest) const noexcept {
    std::size_t first = 0;
    std::memcpy(&first, digest.data(), sizeof first);
    return first;
  }
};
struct EqualInConstantTime {
  bool operator()(const Digest& a, const Digest& b) const { return equal_constant_time(as_view(a), as_view(b)); }
};

std::shared_ptr<const RootKey> make_root_key(events::PartitionId partition, const rows::RootKeyRow& row,
                                             std::shared_ptr<const WorkspaceStanding> workspace) {
  auto key = std::make_shared<RootKey>();
  key->root_key_id = row.root_key_id();
  key->workspace_id = row.workspace_id();
  key->partition = partition;
  key->name = row.name();
  key->permissions.assign(row.permissions().begin(), row.permissions().end());
  std::sort(key->permissions.begin(), key->permissions.end());
  key->permissions.erase(std::unique(key->permissions.begin(), key->permissions.end()), key->permissions.end());
  if (row.has_expires_at_ms()) key->expires_at_ms = row.expires_at_ms();
  key->enabled = !row.disabled();
  key->workspace = std::move(workspace);
  return key;
}

/// The standing of each workspace that was ever asked for or changed.
class Workspaces {
 public:
  std::shared_ptr<WorkspaceStanding> of(const std::string& workspace_id) {
    const std::lock_guard lock(mutex_);
    auto& standing = standings_[workspace_id];
    if (!standing) standing = std::make_shared<WorkspaceStanding>();
    return standing;
  }

  void apply(const std::string& workspace_id, const std::optional<std::string>& value) {
    using enum WorkspaceStanding::State;
    rows::WorkspaceRow row;
    const bool is_there = value && row.ParseFromString(*value);
    std::optional<std::int64_t> requests;
    if (row.has_requests_per_minute_max()) requests = row.requests_per_minute_max();
    of(workspace_id)->set(!is_there ? kMissing : row.disabled() ? kDisabled : kEnabled, requests);
  }

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<WorkspaceStanding>> standings_;
};

}  // namespace

struct RootKeyIndex::Impl {
  /// A cache line of its own, so that readers of different shards don't slow each other down.
  struct alignas(64) Shard {
    mutable std::shared_mutex mutex;
    std::unordered_map<Digest, std::shared_ptr<const RootKey>, HashOfDigest, EqualInConstantTime> keys;
  };

  // By another byte than the map's buckets, which begin with the first.
  [[nodiscard]] Shard& shard(const Digest& hash) { return shards[hash.back() % shards.size()]; }

  void put(const Digest& hash, std::shared_ptr<const RootKey> key) {
    Shard& in = shard(hash);
    const std::lock_guard lock(in.mutex);
    in.keys[hash] = std::move(key);
  }

  void remove(const Digest& hash, const std::string& root_key_id) {
    Shard& in = shard(hash);
    const std::lock_guard lock(in.mutex);
    const auto found = in.keys.find(hash);
    if (found != in.keys.end() && found->second->root_key_id == root_key_id) in.keys.erase(found);
  }

  void apply(events::PartitionId partition, const std::string& root_key_id, const std::optional<std::string>& value);

  std::array<Shard, 16> shards;
  Workspaces workspaces;
  std::mutex writers;                               // held by the one partition that writes
  std::unordered_map<std::string, Digest> hash_of;  // by root key id
};

void RootKeyIndex::Impl::apply(events::PartitionId partition, const std::string& root_key_id,
                               const std::optional<std::string>& value) {
  std::optional<Digest> hash;
  rows::RootKeyRow row;
  if (value && row.ParseFromString(*value) && row.revoked_at_ms() == 0 && row.hash().size() == sizeof(Digest)) {
    std::memcpy(hash.emplace().data(), row.hash().data(), sizeof(Digest));
    put(*hash, make_root_key(partition, row, workspaces.of(row.workspace_id())));
  }
  if (const auto before = hash_of.find(root_key_id); before != hash_of.end()) {
    if (before->second != hash) remove(before->second, root_key_id);
    hash_of.erase(before);
  }
  if (hash) hash_of.emplace(root_key_id, *hash);
}

RootKeyIndex::RootKeyIndex() : impl_(std::make_unique<Impl>()) {}
RootKeyIndex::~RootKeyIndex() = default;

std::shared_ptr<const RootKey> RootKeyIndex::find(const Digest& hash) const {
  const Impl::Shard& shard = impl_->shard(hash);
  const std::shared_lock lock(shard.mutex);
  const auto found = shard.keys.find(hash);
  return found == shard.keys.end() ? nullptr : found->second;
}

std::shared_ptr<const WorkspaceStanding> RootKeyIndex::workspace(const std::string& workspace_id) const {
  return impl_->workspaces.of(workspace_id);
}

void RootKeyIndex::apply(events::PartitionId partition, const Changes& changes) {
  for (const Change& change : changes) {
    if (change.table == Table::kWorkspaces && change.key.starts_with(kWorkspaceRow)) {
      impl_->workspaces.apply(change.key.substr(kWorkspaceRow.size()), change.value);
    }
    if (change.table == Table::kRootKeys && change.key.starts_with(kRootKeyRow)) {
      const std::lock_guard lock(impl_->writers);
      impl_->apply(partition, change.key.substr(kRootKeyRow.size()), change.value);
    }
  }
}

}  // namespace keyfold::projections
