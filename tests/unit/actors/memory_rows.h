#pragma once

#include <map>
#include <string>
#include <utility>

#include "projections/projector.h"

namespace keyfold::actors::testing {

/// Committed rows in a map.
class MemoryRows final : public projections::RowReader {
 public:
  using Key = std::pair<projections::Table, std::string>;

  [[nodiscard]] std::optional<std::string> get(projections::Table table, std::string_view key) const override {
    const auto found = rows_.find(Key{table, std::string(key)});
    return found == rows_.end() ? std::nullopt : std::optional(found->second);
  }

  void apply(const projections::Changes& changes) {
    for (const projections::Change& change : changes) {
      if (change.value) {
        rows_[{change.table, change.key}] = *change.value;
      } else {
        rows_.erase({change.table, change.key});
      }
    }
  }

  /// Folds one event as a projector does.
  void fold(const events::Event& event) {
    projections::Overlay overlay(*this);
    projections::fold(event, overlay);
    apply(overlay.take());
  }

  [[nodiscard]] const std::map<Key, std::string>& all() const { return rows_; }

 private:
  std::map<Key, std::string> rows_;
};

}  // namespace keyfold::actors::testing
