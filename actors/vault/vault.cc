#include "actors/vault/vault.h"

#include <atomic>

#include "actors/vault/aead.h"
#include "actors/vault/data_keys.h"

namespace keyfold::actors {
namespace {

constexpr std::size_t kSealedOverheadMax = 1'024;

std::string additional_data(const SealContext& context) {
  return join_with_lengths({context.ring, context.purpose, context.record});
}

tl::unexpected<Error> damaged(std::string_view where) {
  return fail(ErrorCode::kDataLoss, "a sealed text is damaged, or belongs elsewhere", std::string(where));
}

Result<HeldSealed> seal_with(DataKeys& keys, const SealContext& context, std::string_view plaintext,
                             std::int64_t destroy_after_ms) {
  auto latest = keys.latest(context.ring, destroy_after_ms);
  if (!latest) return tl::unexpected(latest.error());
  auto box = aead_seal(latest->key->bytes.view(), additional_data(context), plaintext);
  if (!box) return tl::unexpected(box.error());
  v1::Sealed sealed;
  sealed.set_data_key_id(latest->key->id);
  sealed.set_nonce(std::move(box->nonce));
  sealed.set_ciphertext(std::move(box->ciphertext));
  return HeldSealed{sealed.SerializeAsString(), std::move(latest->hold)};
}

Result<std::string> open_with(DataKeys& keys, const SealContext& context, std::string_view bytes) {
  v1::Sealed sealed;
  if (bytes.size() > kAeadPlaintextBytesMax + kSealedOverheadMax ||
      !sealed.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return damaged(context.record);
  }
  const auto key = keys.load(sealed.data_key_id());
  if (!key) return tl::unexpected(key.error());
  if ((*key)->ring != context.ring) return damaged(context.record);
  return aead_open((*key)->bytes.view(), additional_data(context), sealed.nonce(), sealed.ciphertext());
}

template <class T>
T counted(T result, std::atomic<std::uint64_t>& succeeded, std::atomic<std::uint64_t>& failed) {
  (result ? succeeded : failed).fetch_add(1, std::memory_order_relaxed);
  return result;
}

}  // namespace

struct Vault::Counters {
  std::atomic<std::uint64_t> sealed{0};
  std::atomic<std::uint64_t> opened{0};
  std::atomic<std::uint64_t> failed{0};
};

Vault::Vault(events::ErasableStore& store, MasterKeys masters, const Clock& clock, VaultStore sharing)
    : counters_(std::make_unique<Counters>()),
      keys_(std::make_unique<DataKeys>(store, std::move(masters), clock, sharing)) {}

Vault::Vault(events::ErasableStore& store, const MasterKey& master, const Clock& clock)
    : Vault(store, MasterKeys{master, {}}, clock) {}

Vault::~Vault() = default;

Result<std::string> Vault::seal(const SealContext& context, std::string_view plaintext, std::int64_t destroy_after_ms) {
  auto held = seal_with(*keys_, context, plaintext, destroy_after_ms);
  return counted(std::move(held).map([](HeldSealed&& sealed) { return std::move(sealed.sealed); }), counters_->sealed,
                 counters_->failed);
}

Result<HeldSealed> Vault::seal_held(const SealContext& context, std::string_view plaintext) {
  return counted(seal_with(*keys_, context, plaintext, 0), counters_->sealed, counters_->failed);
}

Result<std::string> Vault::open(const SealContext& context, std::string_view sealed) const {
  return counted(open_with(*keys_, context, sealed), counters_->opened, counters_->failed);
}

Result<SecretBytes> Vault::fixed_secret(const std::string& name) {
  const auto key = keys_->fixed(name);
  if (!key) return tl::unexpected(key.error());
  return SecretBytes(std::string((*key)->bytes.view()));
}

Result<int> Vault::destroy_expired() { return keys_->destroy_expired(); }
Status Vault::check_master_keys() const { return keys_->check_master_keys(); }
const std::string& Vault::master_key_id() const { return keys_->master_key_id(); }
const std::vector<std::string>& Vault::previous_master_key_ids() const { return keys_->previous_master_key_ids(); }
Result<RotationStep> Vault::rewrap(std::size_t keys_max) { return keys_->rewrap(keys_max); }
Status Vault::rotate(const std::string& ring) { return keys_->rotate(ring); }
Result<RotationStep> Vault::rotate_all(std::int64_t before_ms, std::size_t rings_max) {
  return keys_->rotate_all(before_ms, rings_max);
}
Result<std::vector<DataKeyInfo>> Vault::data_keys(const std::string& after_id, std::size_t keys_max) const {
  return keys_->list(after_id, keys_max);
}
bool Vault::is_held(const std::string& data_key_id) const { return keys_->is_held(data_key_id); }
Status Vault::destroy(const std::string& data_key_id) { return keys_->destroy(data_key_id); }

Vault::Stats Vault::stats() const {
  return {counters_->sealed.load(std::memory_order_relaxed), counters_->opened.load(std::memory_order_relaxed),
          counters_->failed.load(std::memory_order_relaxed), keys_->made.load(std::memory_order_relaxed),
          keys_->rewrapped.load(std::memory_order_relaxed),  keys_->destroyed.load(std::memory_order_relaxed)};
}

}  // namespace keyfold::actors
