#pragma once

// Private to this folder.

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "actors/vault/secret_bytes.h"
#include "actors/vault/vault.h"
#include "keyfold/v1/vault.pb.h"

namespace keyfold::actors {

/// A data key in use.
struct DataKey {
  std::string id;
  std::string ring;
  std::int64_t destroy_after_ms = 0;
  SecretBytes bytes;
  mutable std::atomic<std::uint64_t> holds{0};  // ciphertexts under way
};
using DataKeyPtr = std::shared_ptr<const DataKey>;

/// Rings that begin with it have one data key for ever.
inline constexpr std::string_view kFixedRingPrefix = "fixed/";

/// The vault's data keys: in the store, wrapped, and a bounded number of them in memory. The store holds
/// `dek/<data key id>`: the wrapped data key, and `ring/<ring>`: the id of the data key that the ring seals with (it
/// may name one that is gone; the ring then gets a new one). Thread-safe.
class DataKeys {
 public:
  DataKeys(events::ErasableStore& store, MasterKeys masters, const Clock& clock, VaultStore sharing);

  /// The data key that the ring seals with now, held; made when there is none.
  struct Latest {
    DataKeyPtr key;
    DataKeyHold hold;
  };
  [[nodiscard]] Result<Latest> latest(const std::string& ring, std::int64_t destroy_after_ms);
  [[nodiscard]] Result<DataKeyPtr> load(const std::string& id);
  /// The one data key of the fixed ring of that name, which is never rotated.
  [[nodiscard]] Result<DataKeyPtr> fixed(const std::string& name);

  [[nodiscard]] Result<int> destroy_expired();
  [[nodiscard]] Status check_master_keys() const;
  [[nodiscard]] const std::string& master_key_id() const { return current_master_; }
  [[nodiscard]] const std::vector<std::string>& previous_master_key_ids() const { return previous_masters_; }
  /// Every data key, in the order of their ids, in pages; one that is made or destroyed meanwhile may be missed.
  [[nodiscard]] Status visit(const std::function<Status(const DataKeyInfo&)>& visitor) const;
  [[nodiscard]] Result<RotationStep> rewrap(std::size_t keys_max);
  [[nodiscard]] Status rotate(const std::string& ring);
  [[nodiscard]] Result<RotationStep> rotate_all(std::int64_t before_ms, std::size_t rings_max);
  [[nodiscard]] Result<std::vector<DataKeyInfo>> list(const std::string& after_id, std::size_t keys_max) const;
  [[nodiscard]] bool is_held(const std::string& id) const;
  [[nodiscard]] Status destroy(const std::string& id);

  std::atomic<std::uint64_t> made{0};
  std::atomic<std::uint64_t> rewrapped{0};
  std::atomic<std::uint64_t> destroyed{0};

 private:
  [[nodiscard]] std::optional<Latest> cached_latest(const std::string& ring) const;
  [[nodiscard]] DataKeyPtr cached(const std::string& id) const;
  [[nodiscard]] bool may_be_used_elsewhere(const std::string& id) const;
  void remember(const DataKeyPtr& key);
  void remember_latest(const std::string& ring, const std::string& id);
  void forget(const v1::WrappedDataKey& wrapped);

  // These read or change the store, and so are called under `changes_`.
  [[nodiscard]] Result<DataKeyPtr> load_stored(const std::string& id);
  [[nodiscard]] Result<DataKeyPtr> create(const std::string& ring, std::int64_t created_at_ms,
                                          std::int64_t destroy_after_ms);
  [[nodiscard]] Status store_new(const DataKeyPtr& key, std::int64_t created_at_ms);
  [[nodiscard]] Status rewrap_one(const std::string& id);
  [[nodiscard]] Status erase(const v1::WrappedDataKey& wrapped);

  [[nodiscard]] Result<v1::WrappedDataKey> read(const std::string& id) const;
  [[nodiscard]] Result<std::string> latest_id(const std::string& ring) const;
  [[nodiscard]] Result<SecretBytes> unwrap(const v1::WrappedDataKey& wrapped) const;
  [[nodiscard]] Status wrap(std::string_view key, v1::WrappedDataKey& wrapped) const;

  events::ErasableStore& store_;
  const Clock& clock_;
  const VaultStore sharing_;
  std::string current_master_;
  std::vector<std::string> previous_masters_;
  std::map<std::string, SecretBytes> wrapping_keys_;  // by the master key's id
  const SecretBytes fixed_base_;                      // what fixed rings' data keys are derived from

  std::mutex changes_;        // makes changes of the store one after the other; taken before `mutex_`
  mutable std::mutex mutex_;  // guards the caches; never held while the store is asked
  std::unordered_map<std::string, DataKeyPtr> by_id_;
  std::unordered_map<std::string, std::string> latest_by_ring_;
};

}  // namespace keyfold::actors
