#include "projections/ratelimit_index.h"

#include <map>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

#include "projections/row_access.h"
#include "projections/rows.pb.h"
#include "schemas/base/wildcard.h"

namespace keyfold::projections {
namespace {

struct HashOfText {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
template <class Value>
using ByText = std::unordered_map<std::string, Value, HashOfText, std::equal_to<>>;

struct Override {
  RatelimitOverride numbers;
  std::uint64_t sequence = 0;
};

struct Namespace {
  std::string namespace_id;
  std::string workspace_id;
  bool is_deleted = false;
  ByText<Override> overrides;                          // by identifier; nodes stay where they are
  std::map<std::uint64_t, const Override*> wildcards;  // by order of creation
  ByText<std::string> identifiers;                     // by override id

  [[nodiscard]] const Override* match(std::string_view identifier) const;
  void put(const rows::RatelimitOverrideRow& row);
  void remove(std::string_view override_id);
};

const Override* Namespace::match(std::string_view identifier) const {
  if (const auto exact = overrides.find(identifier); exact != overrides.end()) return &exact->second;
  for (const auto& [sequence, wildcard] : wildcards) {
    if (matches_wildcard(wildcard->numbers.identifier, identifier)) return wildcard;
  }
  return nullptr;
}

void Namespace::put(const rows::RatelimitOverrideRow& row) {
  Override& placed = overrides[row.identifier()];
  wildcards.erase(placed.sequence);
  placed = {{row.override_id(), row.identifier(), row.limit(), row.duration_ms()}, row.sequence()};
  identifiers[row.override_id()] = row.identifier();
  if (has_wildcard(row.identifier())) wildcards[row.sequence()] = &placed;
}

void Namespace::remove(std::string_view override_id) {
  const auto identifier = identifiers.find(override_id);
  if (identifier == identifiers.end()) return;
  const auto found = overrides.find(identifier->second);
  // Set again under a new id in the same batch: that one stays.
  if (found != overrides.end() && found->second.numbers.override_id == override_id) {
    wildcards.erase(found->second.sequence);
    overrides.erase(found);
  }
  identifiers.erase(identifier);
}

}  // namespace

struct RatelimitIndex::Impl {
  [[nodiscard]] const Namespace* find(std::string_view workspace_id, std::string_view id_or_name) const;
  void put(const rows::RatelimitNamespaceRow& row);
  void apply(const Change& change);

  mutable std::shared_mutex mutex;
  ByText<Namespace> namespaces;              // by id
  ByText<ByText<const Namespace*>> by_name;  // by workspace, then name
};

const Namespace* RatelimitIndex::Impl::find(std::string_view workspace_id, std::string_view id_or_name) const {
  if (const auto by_id = namespaces.find(id_or_name);
      by_id != namespaces.end() && by_id->second.workspace_id == workspace_id) {
    return &by_id->second;
  }
  const auto names = by_name.find(workspace_id);
  if (names == by_name.end()) return nullptr;
  const auto named = names->second.find(id_or_name);
  return named == names->second.end() ? nullptr : named->second;
}

void RatelimitIndex::Impl::put(const rows::RatelimitNamespaceRow& row) {
  Namespace& placed = namespaces[row.namespace_id()];
  placed.namespace_id = row.namespace_id();
  placed.workspace_id = row.workspace_id();
  placed.is_deleted = row.deleted_at_ms() != 0;
  by_name[row.workspace_id()][row.name()] = &placed;
}

void RatelimitIndex::Impl::apply(const Change& change) {
  const std::string_view key = change.key;
  if (key.starts_with("n/") && change.value) {
    rows::RatelimitNamespaceRow row;
    if (row.ParseFromString(*change.value)) put(row);
  }
  if (!key.starts_with("o/")) return;
  const auto slash = key.find('/', 2);
  const auto in = namespaces.find(key.substr(2, slash - 2));
  if (in == namespaces.end()) return;
  if (!change.value) return in->second.remove(key.substr(slash + 1));
  rows::RatelimitOverrideRow row;
  if (row.ParseFromString(*change.value)) in->second.put(row);
}

RatelimitIndex::RatelimitIndex() : impl_(std::make_unique<Impl>()) {}
RatelimitIndex::~RatelimitIndex() = default;

std::optional<RatelimitRule> RatelimitIndex::find(std::string_view workspace_id, std::string_view id_or_name,
                                                  std::string_view identifier) const {
  const std::shared_lock lock(impl_->mutex);
  const Namespace* found = impl_->find(workspace_id, id_or_name);
  if (found == nullptr) return std::nullopt;
  RatelimitRule rule{found->namespace_id, found->is_deleted, std::nullopt};
  if (const Override* match = found->match(identifier)) rule.override = match->numbers;
  return rule;
}

void RatelimitIndex::apply(const Changes& changes) {
  for (const Change& change : changes) {
    if (change.table != Table::kRatelimits) continue;
    const std::lock_guard lock(impl_->mutex);
    impl_->apply(change);
  }
}

}  // namespace keyfold::projections
