#include "projections/key_index.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <string>

#include "projections/key_index_arena.h"
#include "projections/key_index_epoch.h"
#include "projections/key_index_grants.h"
#include "projections/key_index_identities.h"
#include "projections/key_index_limits.h"
#include "projections/key_index_record.h"
#include "projections/key_index_scopes.h"
#include "projections/key_index_slots.h"

namespace keyfold::projections {
namespace {

constexpr unsigned kSlotBitsMin = 8;
/// How many slots of deleted APIs' keys are looked at in one batch of changes: about 0.2 ms.
constexpr std::uint64_t kSweepSlots = 2'048;

/// The id of a row's key `<kind>/<id>`; nothing when it is of another kind.
std::optional<std::string_view> id_of(std::string_view key, std::string_view kind) {
  if (!key.starts_with(kind)) return {};
  return key.substr(kind.size());
}

}  // namespace

// A look-up finds a slot by the hash, a record by the slot, and what the record shares with others by the numbers in
// it. Each step reads one published, immutable thing, so that a key is seen as it was or as it is.
struct KeyIndex::Impl {
  Impl()
      : arena(reclaimer),
        scopes(reclaimer),
        grants(reclaimer),
        limits(reclaimer),
        identities(reclaimer, limits),
        slots(new Slots(kSlotBitsMin)) {
    publish_stats();
  }
  ~Impl() {
    reclaimer.free_all();
    delete slots.load();
  }

  [[nodiscard]] RecordView record(Offset offset) const { return RecordView(arena.at(offset)); }
  [[nodiscard]] Slots::Found find(const Slots& in, const char* hash) const {
    return in.find(Probe::of(hash), [&](Offset offset) { return record(offset).has_hash(hash); });
  }

  // The writer's part.
  [[nodiscard]] Slots& own_slots() const { return *slots.load(std::memory_order_relaxed); }
  void change_shared(const Change& change, const RowReader& rows);
  void change_key(const Change& change, const RowReader& rows);
  void put(const RowReader& rows);
  void write(const Slots::Found& old);
  void remove(const Slots::Found& found);
  void discard(Offset offset);
  void release(const SharedParts& shared);
  void resize(std::uint64_t keys);
  void sweep();
  void compact();
  void publish_stats();

  Reclaimer reclaimer;  // first: the others retire into it
  Arena arena;
  Scopes scopes;
  Grants grants;
  LimitSets limits;
  Identities identities;
  std::atomic<Slots*> slots;
  std::uint64_t swept = 0;  // slots, counted on from one batch to the next
  // Of one key's change, kept for their capacity.
  rows::KeyRow row;
  std::string encoded;

  std::atomic<std::uint64_t> stats_keys{0};
  std::atomic<std::uint64_t> stats_bytes{0};
};

KeyIndex::KeyIndex() : impl_(std::make_unique<Impl>()) {}
KeyIndex::~KeyIndex() = default;

bool KeyIndex::visit(const Digest& hash, FunctionRef<void(const KeyView&)> visit) const {
  const ReadGuard guard;
  const Slots& slots = *impl_->slots.load(std::memory_order_seq_cst);
  const Slots::Found found = impl_->find(slots, as_view(hash).data());
  if (!found) return false;
  const RecordView record = impl_->record(found.offset);
  const SharedParts shared = record.shared();
  const Scope& scope = impl_->scopes[shared.scope];
  if (scope.closed) return false;

  KeyView view = record.view();
  view.api_id = scope.api_id;
  view.keyspace_id = scope.keyspace_id;
  view.workspace_id = scope.workspace_id;
  view.ip_allowlist = scope.ip_allowlist;
  const Grant& grant = impl_->grants[shared.grant];
  view.permissions = grant.permissions;
  view.roles = grant.roles;
  if (shared.limits != 0) view.ratelimits = {impl_->limits[shared.limits].limits, record.ratelimit_ids()};
  if (const Identity& identity = impl_->identities[shared.identity]; identity.exists) {
    view.identity_id = identity.identity_id();
    view.external_id = identity.external_id();
    view.identity_meta_json = identity.meta_json();
    if (identity.limits != 0) {
      view.identity_ratelimits = {impl_->limits[identity.limits].limits, identity.ratelimit_ids()};
    }
  }
  visit(view);
  return true;
}

void KeyIndex::apply(const Changes& changes, const RowReader& rows) {
  for (const Change& change : changes) impl_->change_shared(change, rows);
  for (const Change& change : changes) impl_->change_key(change, rows);
  impl_->scopes.end_batch();
  impl_->sweep();
  impl_->compact();
  impl_->reclaimer.reclaim();
  impl_->publish_stats();
}

KeyIndex::Stats KeyIndex::stats() const {
  return {impl_->stats_keys.load(std::memory_order_relaxed), impl_->stats_bytes.load(std::memory_order_relaxed)};
}

void KeyIndex::Impl::change_shared(const Change& change, const RowReader& rows) {
  switch (change.table) {
    case Table::kApis:
      if (const auto id = id_of(change.key, "a/")) scopes.change_api(*id, change.value);
      return;
    case Table::kIdentities:
      if (const auto id = id_of(change.key, "i/")) identities.change(*id, change.value);
      return;
    case Table::kPermissions:
      if (const auto id = id_of(change.key, "p/")) grants.change_permission(*id, change.value);
      return;
    case Table::kRoles:
      if (const auto id = id_of(change.key, "r/")) grants.change_role(*id, change.value, rows);
      return;
    default:
      return;
  }
}

void KeyIndex::Impl::change_key(const Change& change, const RowReader& rows) {
  if (change.table != Table::kKeys) return;
  // A key that is gone for good is known by the row of its hash, which goes with it.
  if (const auto hash = id_of(change.key, "h/"); hash && !change.value && hash->size() == sizeof(Digest)) {
    remove(find(own_slots(), hash->data()));
  }
  if (!id_of(change.key, "k/") || !change.value) return;
  if (row.ParseFromString(*change.value) && row.hash().size() == sizeof(Digest)) put(rows);
}

/// Makes the index agree with `row`.
void KeyIndex::Impl::put(const RowReader& rows) {
  const Slots::Found old = find(own_slots(), row.hash().data());
  const auto scope = row.deleted_at_ms() == 0 ? scopes.hold(row, rows) : std::nullopt;
  if (!scope) {
    if (old && record(old.offset).key_id() == row.key_id()) remove(old);
    return;
  }
  const SharedParts shared{*scope, grants.hold(row, rows), identities.hold(row.identity_id(), rows),
                           limits.hold(row.ratelimits())};
  encode_record(row, shared, encoded);
  if (old && record(old.offset).same_but_credits(encoded)) {
    record(old.offset).copy_credits(encoded);
    release(shared);
    return;
  }
  write(old);
}

/// Publishes the encoded record, in place of an old one if there is one.
void KeyIndex::Impl::write(const Slots::Found& old) {
  const Offset offset = arena.append(encoded);
  if (old) {
    own_slots().replace(old.slot, offset);
    release(record(old.offset).shared());
    discard(old.offset);
    return;
  }
  if (own_slots().is_full()) resize(own_slots().live() + 1);
  own_slots().insert(Probe::of(encoded.data()), offset);
}

void KeyIndex::Impl::remove(const Slots::Found& found) {
  if (!found) return;
  own_slots().erase(found.slot);
  release(record(found.offset).shared());
  discard(found.offset);
  if (own_slots().size() > (1u << kSlotBitsMin) && own_slots().live() < own_slots().size() / 8) {
    resize(own_slots().live());
  }
}

void KeyIndex::Impl::discard(Offset offset) { arena.discard(offset, record(offset).size()); }

void KeyIndex::Impl::release(const SharedParts& shared) {
  scopes.release(shared.scope);
  grants.release(shared.grant);
  identities.release(shared.identity);
  limits.release(shared.limits);
}

/// Moves to slots that are between a quarter and half full with that many keys.
void KeyIndex::Impl::resize(std::uint64_t keys) {
  const Slots& old = own_slots();
  const auto bits = std::max(kSlotBitsMin, static_cast<unsigned>(std::bit_width(2 * keys)));
  auto* const next = new Slots(bits);
  constexpr std::uint64_t kAhead = 16;  // records lie all over memory: ask for them before they are needed
  for (std::uint64_t slot = 0; slot < old.size(); ++slot) {
    if (slot + kAhead < old.size()) {
      if (const Offset ahead = old.offset(slot + kAhead)) __builtin_prefetch(arena.at(ahead));
    }
    if (const Offset offset = old.offset(slot)) next->insert(Probe::of(record(offset).hash()), offset);
  }
  slots.store(next, std::memory_order_seq_cst);
  reclaimer.retire([](void*, std::uint64_t what) { delete reinterpret_cast<const Slots*>(what); }, nullptr,
                   reinterpret_cast<std::uintptr_t>(&old));
  swept = 0;
}

/// Removes some keys of deleted APIs: they can't be found any more, but all at once would keep the writer too long.
void KeyIndex::Impl::sweep() {
  for (std::uint64_t looked = 0; looked < kSweepSlots && scopes.closed_keys() > 0; ++looked) {
    const std::uint64_t slot = swept++ % own_slots().size();
    const Offset offset = own_slots().offset(slot);
    if (offset != 0 && scopes[record(offset).shared().scope].closed) remove({slot, offset});
  }
}

void KeyIndex::Impl::compact() {
  while (const auto chunk = arena.crowded_chunk()) {
    for (Offset offset = chunk->begin; offset < chunk->end;) {
      const RecordView moved = record(offset);
      const Slots::Found found = find(own_slots(), moved.hash());
      if (found.offset == offset) {
        own_slots().replace(found.slot, arena.append({moved.hash(), moved.size()}));
        discard(offset);
      }
      offset += moved.size() / 8;
    }
  }
}

void KeyIndex::Impl::publish_stats() {
  stats_keys.store(own_slots().live() - scopes.closed_keys(), std::memory_order_relaxed);
  stats_bytes.store(sizeof(Impl) + own_slots().bytes() + arena.bytes() + scopes.bytes() + grants.bytes() +
                        limits.bytes() + identities.bytes(),
                    std::memory_order_relaxed);
}

}  // namespace keyfold::projections
