#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "projections/rows.h"

// What every projector does with rows: make keys, parse and serialize.
namespace keyfold::projections {

/// The parts as one key.
[[nodiscard]] inline std::string row_key(std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  std::string key;
  key.reserve(size);
  for (const std::string_view part : parts) key.append(part);
  return key;
}

/// The row of that key; nothing when it is absent.
template <class Row>
[[nodiscard]] std::optional<Row> find_row(const RowReader& rows, Table table, std::string_view key) {
  const std::optional<std::string> bytes = rows.get(table, key);
  std::optional<Row> row;
  if (bytes && !row.emplace().ParseFromString(*bytes)) row.reset();
  return row;
}

template <class Row>
void put_row(Overlay& rows, Table table, std::string key, const Row& row) {
  rows.put(table, std::move(key), row.SerializeAsString());
}

}  // namespace keyfold::projections
