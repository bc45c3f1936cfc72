#include "projections/id_changes.h"

#include <algorithm>
#include <set>
#include <string_view>

namespace keyfold::projections {

void change_ids(RowIds& held, const RowIds& connected, const RowIds& disconnected) {
  const std::set<std::string_view> leaving(disconnected.begin(), disconnected.end());
  held.erase(std::remove_if(held.begin(), held.end(), [&](const std::string& id) { return leaving.contains(id); }),
             held.end());
  for (const std::string& id : connected) *held.Add() = id;
}

}  // namespace keyfold::projections
