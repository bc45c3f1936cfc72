#include "projections/partition.h"

#include "projections/row_access.h"

namespace keyfold::projections {
namespace {

constexpr std::string_view kKey = "p";

}  // namespace

std::optional<rows::PartitionRow> find_partition(const RowReader& rows) {
  return find_row<rows::PartitionRow>(rows, Table::kPartitions, kKey);
}

void fold_partition(const events::Event& event, Overlay& rows) {
  if (!event.payload.has_partition_opened()) return;
  const v1::PartitionOpened& opened = event.payload.partition_opened();
  rows::PartitionRow row;
  row.set_epoch(opened.epoch());
  row.set_node_id(opened.node_id());
  row.set_node_address(opened.node_address());
  row.set_opened_at_ms(event.header.time_ms());
  put_row(rows, Table::kPartitions, std::string(kKey), row);
}

}  // namespace keyfold::projections
