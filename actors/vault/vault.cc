#include "actors/vault/vault.h"

#include <mutex>
#include <unordered_map>

#include "actors/vault/aead.h"
#include "actors/vault/secret_bytes.h"
#include "keyfold/v1/vault.pb.h"
#include "schemas/base/random.h"

// The store holds `dek/<data key id>`: the wrapped data key, and `ring/<ring>`: the id of the data key that the ring
// seals with. A ring's entry may name a data key that is gone; the ring then gets a new one.
namespace keyfold::actors {
namespace {

constexpr std::string_view kDataKeyPrefix = "dek/";
constexpr std::string_view kRingPrefix = "ring/";
constexpr std::string_view kWrapPurpose = "keyfold vault: wrap data keys";
constexpr std::size_t kDataKeyIdLength = 20;

std::string data_key_entry(std::string_view id) { return std::string(kDataKeyPrefix).append(id); }
std::string ring_entry(std::string_view ring) { return std::string(kRingPrefix).append(ring); }

std::string additional_data(const SealContext& context) {
  return join_with_lengths({context.ring, context.purpose, context.record});
}

tl::unexpected<Error> damaged(std::string_view where) {
  return fail(ErrorCode::kDataLoss, "a sealed text is damaged, or belongs elsewhere", std::string(where));
}

/// A data key in use.
struct DataKey {
  std::string id;
  std::int64_t destroy_after_ms = 0;
  SecretBytes bytes;
};
using DataKeyPtr = std::shared_ptr<const DataKey>;

bool is_over(std::int64_t destroy_after_ms, std::int64_t now_ms) {
  return destroy_after_ms != 0 && destroy_after_ms <= now_ms;
}

}  // namespace

struct Vault::Impl {
  Impl(events::ErasableStore& erasable, const MasterKey& master, const Clock& wall_clock)
      : store(erasable), clock(wall_clock), master_id(master.id), wrapping_key(master.derive(kWrapPurpose)) {}

  /// The data key that the ring seals with now; made when there is none.
  Result<DataKeyPtr> current(const std::string& ring, std::int64_t destroy_after_ms);
  Result<DataKeyPtr> load(const std::string& id);
  Result<DataKeyPtr> create(const std::string& ring, std::int64_t destroy_after_ms);

  events::ErasableStore& store;
  const Clock& clock;
  const std::string master_id;
  const SecretBytes wrapping_key;
  std::mutex mutex;  // guards the caches, and keeps two threads from making two data keys for one ring
  std::unordered_map<std::string, DataKeyPtr> by_id;
  std::unordered_map<std::string, std::string> id_by_ring;
};

Result<DataKeyPtr> Vault::Impl::current(const std::string& ring, std::int64_t destroy_after_ms) {
  auto known = id_by_ring.find(ring);
  if (known == id_by_ring.end()) {
    const auto stored = store.get(ring_entry(ring));
    if (!stored && stored.error().code != ErrorCode::kNotFound) return tl::unexpected(stored.error());
    if (stored) known = id_by_ring.emplace(ring, *stored).first;
  }
  if (known != id_by_ring.end()) {
    auto key = load(known->second);
    // What an expired key seals would be lost with it at any moment.
    if (key && !is_over((*key)->destroy_after_ms, clock.now_ms())) return key;
    if (!key && key.error().code != ErrorCode::kNotFound) return key;
  }
  return create(ring, destroy_after_ms);
}

Result<DataKeyPtr> Vault::Impl::load(const std::string& id) {
  if (const auto cached = by_id.find(id); cached != by_id.end()) return cached->second;
  const auto stored = store.get(data_key_entry(id));
  if (!stored) return tl::unexpected(stored.error());
  v1::WrappedDataKey wrapped;
  if (!wrapped.ParseFromString(*stored)) return damaged(data_key_entry(id));
  if (wrapped.master_key_id() != master_id) {
    return fail(ErrorCode::kFailedPrecondition, "the data key was wrapped by another master key",
                data_key_entry(id) + " needs " + wrapped.master_key_id() + ", not " + master_id,
                "start with the master key that this data was written with");
  }
  auto bytes =
      aead_open(wrapping_key.view(), join_with_lengths({wrapped.ring(), id}), wrapped.nonce(), wrapped.ciphertext());
  if (!bytes) return damaged(data_key_entry(id));
  auto key = std::make_shared<const DataKey>(DataKey{id, wrapped.destroy_after_ms(), SecretBytes(*std::move(bytes))});
  by_id.emplace(id, key);
  return key;
}

Result<DataKeyPtr> Vault::Impl::create(const std::string& ring, std::int64_t destroy_after_ms) {
  std::string random(kAeadKeyBytes, '\0');
  fill_random({reinterpret_cast<std::uint8_t*>(random.data()), random.size()});
  auto key = std::make_shared<const DataKey>(
      DataKey{make_id("dek", kDataKeyIdLength), destroy_after_ms, SecretBytes(std::move(random))});
  auto box = aead_seal(wrapping_key.view(), join_with_lengths({ring, key->id}), key->bytes.view());
  if (!box) return tl::unexpected(box.error());
  v1::WrappedDataKey wrapped;
  wrapped.set_data_key_id(key->id);
  wrapped.set_ring(ring);
  wrapped.set_master_key_id(master_id);
  wrapped.set_nonce(std::move(box->nonce));
  wrapped.set_ciphertext(std::move(box->ciphertext));
  wrapped.set_created_at_ms(clock.now_ms());
  wrapped.set_destroy_after_ms(destroy_after_ms);
  if (auto put = store.put(data_key_entry(key->id), wrapped.SerializeAsString()); !put) {
    return tl::unexpected(put.error());
  }
  if (auto put = store.put(ring_entry(ring), key->id); !put) return tl::unexpected(put.error());
  by_id.emplace(key->id, key);
  id_by_ring.insert_or_assign(ring, key->id);
  return key;
}

Vault::Vault(events::ErasableStore& store, MasterKey master, const Clock& clock)
    : impl_(std::make_unique<Impl>(store, master, clock)) {
  const SecretBytes wiped(std::move(master.bytes));
}

Vault::~Vault() = default;

Result<std::string> Vault::seal(const SealContext& context, std::string_view plaintext, std::int64_t destroy_after_ms) {
  DataKeyPtr key;
  {
    const std::lock_guard lock(impl_->mutex);
    auto current = impl_->current(context.ring, destroy_after_ms);
    if (!current) return tl::unexpected(current.error());
    key = *std::move(current);
  }
  auto box = aead_seal(key->bytes.view(), additional_data(context), plaintext);
  if (!box) return tl::unexpected(box.error());
  v1::Sealed sealed;
  sealed.set_data_key_id(key->id);
  sealed.set_nonce(std::move(box->nonce));
  sealed.set_ciphertext(std::move(box->ciphertext));
  return sealed.SerializeAsString();
}

Result<std::string> Vault::open(const SealContext& context, std::string_view sealed_bytes) const {
  v1::Sealed sealed;
  if (sealed_bytes.size() > kAeadPlaintextBytesMax + 1024 ||
      !sealed.ParseFromArray(sealed_bytes.data(), static_cast<int>(sealed_bytes.size()))) {
    return damaged(context.record);
  }
  DataKeyPtr key;
  {
    const std::lock_guard lock(impl_->mutex);
    auto loaded = impl_->load(sealed.data_key_id());
    if (!loaded) return tl::unexpected(loaded.error());
    key = *std::move(loaded);
  }
  return aead_open(key->bytes.view(), additional_data(context), sealed.nonce(), sealed.ciphertext());
}

Result<int> Vault::destroy_expired() {
  const std::lock_guard lock(impl_->mutex);
  const auto entries = impl_->store.list(kDataKeyPrefix);
  if (!entries) return tl::unexpected(entries.error());
  const std::int64_t now_ms = impl_->clock.now_ms();
  int destroyed = 0;
  for (const auto& [entry, value] : *entries) {
    v1::WrappedDataKey wrapped;
    if (!wrapped.ParseFromString(value)) return damaged(entry);
    if (!is_over(wrapped.destroy_after_ms(), now_ms)) continue;
    impl_->by_id.erase(wrapped.data_key_id());
    if (auto erased = impl_->store.erase(entry); !erased) return tl::unexpected(erased.error());
    ++destroyed;
    const auto current = impl_->store.get(ring_entry(wrapped.ring()));
    if (current && *current == wrapped.data_key_id()) {
      impl_->id_by_ring.erase(wrapped.ring());
      if (auto erased = impl_->store.erase(ring_entry(wrapped.ring())); !erased) return tl::unexpected(erased.error());
    }
  }
  return destroyed;
}

}  // namespace keyfold::actors
