#include "actors/aggregates/ratelimit_set.h"

#include <map>
#include <string_view>

namespace keyfold::actors {

Ratelimits resolve_ratelimits(const Ratelimits& wanted, const Ratelimits& kept) {
  std::map<std::string_view, v1::Ratelimit> by_name;
  for (const v1::Ratelimit& limit : wanted) by_name[limit.name()] = limit;
  for (const v1::Ratelimit& limit : kept) {
    const auto found = by_name.find(limit.name());
    if (found != by_name.end()) found->second.set_ratelimit_id(limit.ratelimit_id());
  }
  Ratelimits resolved;
  for (auto& [name, limit] : by_name) *resolved.Add() = std::move(limit);
  return resolved;
}

}  // namespace keyfold::actors
