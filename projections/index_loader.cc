#include "projections/index_loader.h"

#include <string>
#include <unordered_map>

namespace keyfold::projections {
namespace {

constexpr std::size_t kChunkRows = 4'096;
constexpr std::size_t kChunkBytes = std::size_t{4} * 1024 * 1024;

/// Hands the rows whose key begins with `prefix` to `apply` in chunks, as if they were just committed.
template <class Apply>
Status replay_rows(const Store& store, events::PartitionId partition, Table table, std::string_view prefix,
                   Apply apply) {
  Changes chunk;
  std::size_t bytes = 0;
  Status visited = store.visit(partition, table, prefix, "", nullptr, Extent::kTable,
                               [&](std::string_view key, std::string_view value) {
                                 chunk.push_back({table, std::string(key), std::string(value)});
                                 bytes += key.size() + value.size();
                                 if (chunk.size() >= kChunkRows || bytes >= kChunkBytes) {
                                   apply(chunk);
                                   chunk.clear();
                                   bytes = 0;
                                 }
                                 return true;
                               });
  if (visited && !chunk.empty()) apply(chunk);
  return visited;
}

/// A partition's rows, those of identities from memory: keys name identities in no order, and a look-up on disk for
/// each would take most of a start.
class PreloadedRows final : public RowReader {
 public:
  PreloadedRows(const Store& store, events::PartitionId partition) : rows_(store, partition) {}

  [[nodiscard]] Status load(const Store& store, events::PartitionId partition) {
    return store.visit(partition, Table::kIdentities, "i/", "", nullptr, Extent::kTable,
                       [this](std::string_view key, std::string_view value) {
                         identities_.emplace(key, value);
                         return true;
                       });
  }

  [[nodiscard]] std::optional<std::string> get(Table table, std::string_view key) const override {
    if (table != Table::kIdentities) return rows_.get(table, key);
    const auto found = identities_.find(key);
    return found == identities_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const { return std::hash<std::string_view>()(key); }
  };

  StoreReader rows_;
  std::unordered_map<std::string, std::string, Hash, std::equal_to<>> identities_;
};

}  // namespace

Status load_indexes(const Store& store, events::PartitionId partition, KeyIndex& keys, RootKeyIndex& root_keys,
                    RatelimitIndex& ratelimits) {
  Status loaded = replay_rows(store, partition, Table::kWorkspaces, "w/",
                              [&](const Changes& chunk) { root_keys.apply(partition, chunk); });
  if (!loaded) return loaded;
  loaded = replay_rows(store, partition, Table::kRootKeys, "r/",
                       [&](const Changes& chunk) { root_keys.apply(partition, chunk); });
  // Namespaces before what is in them.
  for (const std::string_view kind : {"n/", "o/"}) {
    if (!loaded) return loaded;
    loaded =
        replay_rows(store, partition, Table::kRatelimits, kind, [&](const Changes& chunk) { ratelimits.apply(chunk); });
  }
  if (!loaded) return loaded;
  PreloadedRows rows(store, partition);
  if (loaded = rows.load(store, partition); !loaded) return loaded;
  // A key's row leads to everything else that the index holds of it.
  return replay_rows(store, partition, Table::kKeys, "k/", [&](const Changes& chunk) { keys.apply(chunk, rows); });
}

}  // namespace keyfold::projections
