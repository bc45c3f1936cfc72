#include "actors/vault/data_keys.h"

#include <algorithm>

#include "actors/vault/aead.h"
#include "schemas/base/encoding.h"
#include "schemas/base/hash.h"
#include "schemas/base/random.h"

namespace keyfold::actors {
namespace {

constexpr std::string_view kDataKeyPrefix = "dek/";
constexpr std::string_view kRingPrefix = "ring/";
constexpr std::string_view kWrapPurpose = "keyfold vault: wrap data keys";
constexpr std::string_view kFixedPurpose = "keyfold vault: fixed secrets";
constexpr std::string_view kIdPrefix = "dek_";
constexpr std::size_t kIdLength = 20;  // behind the prefix
constexpr std::size_t kRingLengthMax = 128;
constexpr std::size_t kCachedMax = 10'000;  // data keys in memory, and as many rings' names

std::string data_key_entry(std::string_view id) { return std::string(kDataKeyPrefix).append(id); }
std::string ring_entry(std::string_view ring) { return std::string(kRingPrefix).append(ring); }

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

/// Ids come out of ciphertexts, and so from wherever those were kept: no other text may reach the store's keys.
bool is_data_key_id(std::string_view id) {
  return id.size() == kIdPrefix.size() + kIdLength && id.starts_with(kIdPrefix) &&
         std::all_of(id.begin() + kIdPrefix.size(), id.end(), is_alphanumeric);
}

bool is_ring(std::string_view ring) {
  return !ring.empty() && ring.size() <= kRingLengthMax && std::all_of(ring.begin(), ring.end(), [](char c) {
    return is_alphanumeric(c) || c == '_' || c == '-' || c == '/';
  });
}

tl::unexpected<Error> damaged(std::string_view entry) {
  return fail(ErrorCode::kDataLoss, "a data key is damaged, or belongs elsewhere", std::string(entry),
              "restore the log's directory from a backup");
}

bool is_over(std::int64_t destroy_after_ms, std::int64_t now_ms) {
  return destroy_after_ms != 0 && destroy_after_ms <= now_ms;
}

DataKeyHold hold(DataKeyPtr key) {
  key->holds.fetch_add(1, std::memory_order_relaxed);
  const void* const address = key.get();
  // What the holder did with the ciphertext is seen by whoever finds the key no longer held.
  return {address, [key = std::move(key)](const void*) { key->holds.fetch_sub(1, std::memory_order_release); }};
}

}  // namespace

DataKeys::DataKeys(events::ErasableStore& store, MasterKeys masters, const Clock& clock, VaultStore sharing)
    : store_(store),
      clock_(clock),
      sharing_(sharing),
      current_master_(masters.current.id),
      fixed_base_(masters.current.derive(kFixedPurpose)) {
  wrapping_keys_.emplace(masters.current.id, masters.current.derive(kWrapPurpose));
  for (const MasterKey& master : masters.previous) {
    previous_masters_.push_back(master.id);
    wrapping_keys_.emplace(master.id, master.derive(kWrapPurpose));
  }
}

Result<DataKeys::Latest> DataKeys::latest(const std::string& ring, std::int64_t destroy_after_ms) {
  if (!is_ring(ring)) return fail(ErrorCode::kInvalidArgument, "a vault ring can't have this name", ring);
  if (auto known = cached_latest(ring)) return *std::move(known);
  const std::lock_guard changes(changes_);
  if (auto known = cached_latest(ring)) return *std::move(known);
  const auto id = latest_id(ring);
  if (!id && id.error().code != ErrorCode::kNotFound) return tl::unexpected(id.error());
  if (id) {
    auto key = load_stored(*id);
    // What an expired key seals would be lost with it at any moment.
    if (key && !is_over((*key)->destroy_after_ms, clock_.now_ms())) {
      remember_latest(ring, *id);
      return Latest{*key, hold(*key)};
    }
    if (!key && key.error().code != ErrorCode::kNotFound) return tl::unexpected(key.error());
  }
  auto made_key = create(ring, clock_.now_ms(), destroy_after_ms);
  if (!made_key) return tl::unexpected(made_key.error());
  return Latest{*made_key, hold(*made_key)};
}

Result<DataKeyPtr> DataKeys::load(const std::string& id) {
  if (auto known = cached(id)) return known;
  if (!is_data_key_id(id)) return fail(ErrorCode::kDataLoss, "a sealed text names no data key", "dek/");
  const std::lock_guard changes(changes_);
  return load_stored(id);
}

Result<DataKeyPtr> DataKeys::fixed(const std::string& name) {
  const std::string ring = std::string(kFixedRingPrefix) + name;
  if (!is_ring(ring)) return fail(ErrorCode::kInvalidArgument, "a vault ring can't have this name", ring);
  const std::lock_guard changes(changes_);
  const auto stored = latest_id(ring);
  if (stored) return load_stored(*stored);
  if (stored.error().code != ErrorCode::kNotFound) return tl::unexpected(stored.error());
  // Whoever makes it at the same time makes the same, under the same id.
  const Digest bytes = hmac_sha256(fixed_base_.view(), "key of " + ring);
  const Digest digits = hmac_sha256(fixed_base_.view(), "id of " + ring);
  const std::string id = std::string(kIdPrefix) + to_hex(as_view(digits)).substr(0, kIdLength);
  DataKeyPtr key(new DataKey{id, ring, 0, SecretBytes(std::string(as_view(bytes)))});
  if (Status kept = store_new(key, clock_.now_ms()); !kept) return tl::unexpected(kept.error());
  return key;
}

Result<int> DataKeys::destroy_expired() {
  int count = 0;
  const Status visited = visit([&](const DataKeyInfo& info) -> Status {
    if (!is_over(info.destroy_after_ms, clock_.now_ms())) return {};
    const std::lock_guard changes(changes_);
    const auto wrapped = read(info.id);
    if (!wrapped) return wrapped.error().code == ErrorCode::kNotFound ? Status() : tl::unexpected(wrapped.error());
    ++count;
    return erase(*wrapped);
  });
  if (!visited) return tl::unexpected(visited.error());
  return count;
}

bool DataKeys::is_held(const std::string& id) const {
  const auto key = cached(id);
  if (key && key->holds.load(std::memory_order_acquire) != 0) return true;
  return sharing_ == VaultStore::kShared && may_be_used_elsewhere(id);
}

/// Until the ring has had its latest data key for long enough that every node seals with that one. What can't be read
/// is taken for in use.
bool DataKeys::may_be_used_elsewhere(const std::string& id) const {
  const auto wrapped = read(id);
  if (!wrapped) return wrapped.error().code != ErrorCode::kNotFound;
  const auto current = latest_id(wrapped->ring());
  if (!current) return current.error().code != ErrorCode::kNotFound;
  const auto successor = read(*current);
  if (!successor) return true;
  return clock_.now_ms() < successor->created_at_ms() + kSharedDataKeyGraceMs;
}

Status DataKeys::destroy(const std::string& id) {
  if (!is_data_key_id(id)) return fail(ErrorCode::kInvalidArgument, "this is no data key's id", id);
  const std::lock_guard changes(changes_);
  const auto wrapped = read(id);
  if (!wrapped) return wrapped.error().code == ErrorCode::kNotFound ? Status() : tl::unexpected(wrapped.error());
  const auto current = latest_id(wrapped->ring());
  if (!current && current.error().code != ErrorCode::kNotFound) return tl::unexpected(current.error());
  if (current && *current == id) return fail(ErrorCode::kFailedPrecondition, "the data key is its ring's latest", id);
  if (is_held(id)) return fail(ErrorCode::kFailedPrecondition, "the data key is in use", id, "try again later");
  return erase(*wrapped);
}

// ---- the caches

DataKeyPtr DataKeys::cached(const std::string& id) const {
  // Destroyed by another process: gone here too.
  if (sharing_ == VaultStore::kShared && !store_.get(data_key_entry(id))) return nullptr;
  const std::lock_guard lock(mutex_);
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

/// Held before the lock is let go, so that a rotation in between finds it held.
std::optional<DataKeys::Latest> DataKeys::cached_latest(const std::string& ring) const {
  // Another process may have given the ring a new one.
  const auto stored = sharing_ == VaultStore::kShared ? latest_id(ring) : Result<std::string>(std::string());
  if (!stored) return std::nullopt;
  const std::lock_guard lock(mutex_);
  const auto id = latest_by_ring_.find(ring);
  if (id == latest_by_ring_.end() || (!stored->empty() && *stored != id->second)) return std::nullopt;
  const auto key = by_id_.find(id->second);
  if (key == by_id_.end() || is_over(key->second->destroy_after_ms, clock_.now_ms())) return std::nullopt;
  return Latest{key->second, hold(key->second)};
}

void DataKeys::remember(const DataKeyPtr& key) {
  const std::lock_guard lock(mutex_);
  if (by_id_.size() >= kCachedMax) {
    // One that is held must be found as such, so it stays.
    const auto idle = std::find_if(by_id_.begin(), by_id_.end(), [](const auto& entry) {
      return entry.second->holds.load(std::memory_order_relaxed) == 0;
    });
    if (idle != by_id_.end()) by_id_.erase(idle);
  }
  by_id_.insert_or_assign(key->id, key);
}

void DataKeys::remember_latest(const std::string& ring, const std::string& id) {
  const std::lock_guard lock(mutex_);
  if (latest_by_ring_.size() >= kCachedMax) latest_by_ring_.erase(latest_by_ring_.begin());
  latest_by_ring_.insert_or_assign(ring, id);
}

void DataKeys::forget(const v1::WrappedDataKey& wrapped) {
  const std::lock_guard lock(mutex_);
  by_id_.erase(wrapped.data_key_id());
  const auto current = latest_by_ring_.find(wrapped.ring());
  if (current != latest_by_ring_.end() && current->second == wrapped.data_key_id()) latest_by_ring_.erase(current);
}

// ---- the store

Result<v1::WrappedDataKey> DataKeys::read(const std::string& id) const {
  const auto stored = store_.get(data_key_entry(id));
  if (!stored) return tl::unexpected(stored.error());
  v1::WrappedDataKey wrapped;
  if (!wrapped.ParseFromString(*stored) || wrapped.data_key_id() != id) return damaged(data_key_entry(id));
  return wrapped;
}

Result<std::string> DataKeys::latest_id(const std::string& ring) const {
  auto id = store_.get(ring_entry(ring));
  if (id && !is_data_key_id(*id)) return fail(ErrorCode::kNotFound, "the ring names no data key", ring_entry(ring));
  return id;
}

Result<DataKeyPtr> DataKeys::load_stored(const std::string& id) {
  if (auto known = cached(id)) return known;
  const auto wrapped = read(id);
  if (!wrapped) return tl::unexpected(wrapped.error());
  auto bytes = unwrap(*wrapped);
  if (!bytes) return tl::unexpected(bytes.error());
  DataKeyPtr key(new DataKey{id, wrapped->ring(), wrapped->destroy_after_ms(), *std::move(bytes)});
  remember(key);
  return key;
}

Result<SecretBytes> DataKeys::unwrap(const v1::WrappedDataKey& wrapped) const {
  const std::string entry = data_key_entry(wrapped.data_key_id());
  const auto wrapping = wrapping_keys_.find(wrapped.master_key_id());
  if (wrapping == wrapping_keys_.end()) {
    return fail(ErrorCode::kFailedPrecondition, "the data key was wrapped by another master key",
                entry + " needs " + wrapped.master_key_id() + ", not " + current_master_,
                "start with the master key that this data was written with");
  }
  auto bytes = aead_open(wrapping->second.view(), join_with_lengths({wrapped.ring(), wrapped.data_key_id()}),
                         wrapped.nonce(), wrapped.ciphertext());
  if (!bytes || bytes->size() != kAeadKeyBytes) return damaged(entry);
  return SecretBytes(*std::move(bytes));
}

Status DataKeys::wrap(std::string_view key, v1::WrappedDataKey& wrapped) const {
  auto box = aead_seal(wrapping_keys_.at(current_master_).view(),
                       join_with_lengths({wrapped.ring(), wrapped.data_key_id()}), key);
  if (!box) return tl::unexpected(box.error());
  wrapped.set_master_key_id(current_master_);
  wrapped.set_nonce(std::move(box->nonce));
  wrapped.set_ciphertext(std::move(box->ciphertext));
  return {};
}

Result<DataKeyPtr> DataKeys::create(const std::string& ring, std::int64_t created_at_ms,
                                    std::int64_t destroy_after_ms) {
  std::string random(kAeadKeyBytes, '\0');
  fill_random({reinterpret_cast<std::uint8_t*>(random.data()), random.size()});
  DataKeyPtr key(new DataKey{make_id("dek", kIdLength), ring, destroy_after_ms, SecretBytes(std::move(random))});
  if (Status kept = store_new(key, created_at_ms); !kept) return tl::unexpected(kept.error());
  return key;
}

Status DataKeys::store_new(const DataKeyPtr& key, std::int64_t created_at_ms) {
  v1::WrappedDataKey wrapped;
  wrapped.set_data_key_id(key->id);
  wrapped.set_ring(key->ring);
  wrapped.set_created_at_ms(created_at_ms);
  wrapped.set_destroy_after_ms(key->destroy_after_ms);
  if (Status done = wrap(key->bytes.view(), wrapped); !done) return done;
  if (Status put = store_.put(data_key_entry(key->id), wrapped.SerializeAsString()); !put) return put;
  // A crash here leaves a data key that nothing uses: the next rotation's pass destroys it.
  if (Status put = store_.put(ring_entry(key->ring), key->id); !put) return put;
  made.fetch_add(1, std::memory_order_relaxed);
  remember(key);
  remember_latest(key->ring, key->id);
  return {};
}

/// Forgets it here first: nobody may open with it once its destruction has begun.
Status DataKeys::erase(const v1::WrappedDataKey& wrapped) {
  forget(wrapped);
  destroyed.fetch_add(1, std::memory_order_relaxed);  // first: who sees it gone finds it counted
  if (Status erased = store_.erase(data_key_entry(wrapped.data_key_id())); !erased) {
    destroyed.fetch_sub(1, std::memory_order_relaxed);
    return erased;
  }
  const auto current = store_.get(ring_entry(wrapped.ring()));
  if (current && *current == wrapped.data_key_id()) return store_.erase(ring_entry(wrapped.ring()));
  return {};
}

}  // namespace keyfold::actors
