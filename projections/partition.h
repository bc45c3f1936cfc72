#pragma once

#include <optional>

#include "projections/projector.h"
#include "projections/rows.pb.h"

/// Who writes the partition. Row: `p` -> PartitionRow of the last PartitionOpened.
namespace keyfold::projections {

/// Nothing when no writer ever opened the partition.
[[nodiscard]] std::optional<rows::PartitionRow> find_partition(const RowReader& rows);

void fold_partition(const events::Event& event, Overlay& rows);
inline constexpr Projector kPartitionProjector{"partitions", Table::kPartitions, 1, fold_partition};

}  // namespace keyfold::projections
