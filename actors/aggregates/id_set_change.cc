#include "actors/aggregates/id_set_change.h"

#include <set>
#include <string_view>

namespace keyfold::actors {

IdSetChange change_id_set(v1::SetOperation operation, const Ids& held, const std::vector<std::string>& named,
                          const std::function<bool(const std::string& id)>& exists) {
  const std::set<std::string_view> wanted(named.begin(), named.end());
  const auto stays = [&](const std::string& id) {
    if (operation == v1::ADD) return true;
    return wanted.contains(id) == (operation == v1::REPLACE);
  };
  IdSetChange change;
  std::set<std::string_view> live;
  for (const std::string& id : held) {
    if (!exists(id)) {
      *change.forgotten.Add() = id;
      continue;
    }
    live.insert(id);
    *(stays(id) ? change.kept : change.disconnected).Add() = id;
  }
  if (operation == v1::REMOVE) return change;
  for (const std::string& id : named) {
    if (!live.contains(id)) *change.connected.Add() = id;
  }
  return change;
}

}  // namespace keyfold::actors
