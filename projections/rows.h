#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "events/event.h"

namespace keyfold::projections {

/// One table a projector; the order is part of the digest's output, not of any stored byte.
enum class Table : std::uint8_t {
  kWorkspaces,
  kRootKeys,
  kApis,
  kKeys,
  kIdentities,
  kPermissions,
  kRoles,
  kCommands,
  kPortals,
  kRatelimits,
  kMigrations,
  kPartitions,
  kWebhooks,
};
inline constexpr std::size_t kTableCount = 13;

/// Reads rows of one partition. Row keys are a one-character kind, '/', and an id: see each projector's header.
class RowReader {
 public:
  virtual ~RowReader() = default;
  [[nodiscard]] virtual std::optional<std::string> get(Table table, std::string_view key) const = 0;
};

/// A row that was written (value) or removed (no value).
struct Change {
  Table table;
  std::string key;
  std::optional<std::string> value;
  /// The Overlay::take that gave it (0: made by hand); kept when changes are merged, so that `forget` can tell it from
  /// a later write of the same row.
  std::uint64_t batch = 0;
};
using Changes = std::vector<Change>;

/// What is decided but not yet committed, over a reader of what is. Folds write here, decisions read here, so that the
/// live path and replay run the same code. Not thread-safe: it belongs to its partition's writer.
class Overlay final : public RowReader {
 public:
  explicit Overlay(const RowReader& committed) : committed_(&committed) {}

  [[nodiscard]] std::optional<std::string> get(Table table, std::string_view key) const override;
  void put(Table table, std::string key, std::string value);
  void erase(Table table, std::string key);

  /// The changes since the last call, last write per row, in order of first write. They stay readable here until
  /// `forget` says that they can be read from below.
  [[nodiscard]] Changes take();
  /// Bytes of keys and values written since the last `take`; a row written twice counts twice.
  [[nodiscard]] std::size_t written_bytes() const { return written_bytes_; }
  /// Drops what the given changes, once taken from here, put over the committed rows, unless written again since.
  /// The changes of several calls of `take` may be given as one, in their order.
  void forget(const Changes& committed);
  /// Drops everything: the writer was fenced or an append failed.
  void clear();

 private:
  struct Entry {
    std::optional<std::string> value;
    std::uint64_t batch = 0;  // the take() that carries it, to tell a later write from a committed one
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const { return std::hash<std::string_view>()(key); }
  };
  using Entries = std::unordered_map<std::string, Entry, Hash, std::equal_to<>>;
  struct Written {
    Table table;
    const Entries::value_type* row;
  };

  void write(Table table, std::string key, std::optional<std::string> value);

  const RowReader* committed_;
  std::array<Entries, kTableCount> entries_;
  std::vector<Written> written_;  // since the last take; `forget` never drops these rows
  std::size_t written_bytes_ = 0;
  std::uint64_t batch_ = 1;  // of the next take
};

}  // namespace keyfold::projections
