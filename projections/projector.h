#pragma once

#include <span>
#include <string_view>

#include "projections/rows.h"

namespace keyfold::projections {

/// Folds events into one table. `fold` is pure but for the overlay, and touches only its own table, so that each
/// projector can be rebuilt alone. A change of what it writes bumps `version`: the table is then rebuilt at start.
struct Projector {
  std::string_view name;
  Table table;
  std::uint32_t version;
  void (*fold)(const events::Event& event, Overlay& rows);
};

/// Every projector, in the order of `Table`.
[[nodiscard]] std::span<const Projector> projectors();

/// Runs one event through every projector.
void fold(const events::Event& event, Overlay& rows);

}  // namespace keyfold::projections
