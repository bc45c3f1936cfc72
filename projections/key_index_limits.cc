#include "projections/key_index_limits.h"

namespace keyfold::projections {
namespace {

constexpr std::uint64_t kNodeBytes = 64;  // of a map's entry besides its text

void append_number(std::string& out, std::int64_t number) {
  out.append(reinterpret_cast<const char*>(&number), sizeof number);
}

void append_limit(std::string& name, const SharedRatelimit& limit) {
  append_text(name, limit.name);
  append_number(name, limit.limit);
  append_number(name, limit.duration_ms);
  name.push_back(limit.auto_apply ? '1' : '0');
}

SharedRatelimit shared_part(const v1::Ratelimit& limit) {
  return {limit.name(), limit.limit(), limit.duration_ms(), limit.auto_apply()};
}

std::unique_ptr<const LimitSet> make_set(const StoredRatelimits& limits) {
  auto set = std::make_unique<LimitSet>();
  std::size_t size = 0;
  for (const auto& limit : limits) size += limit.name().size();
  // Never grown from here on, so that the views stay good.
  set->text.reserve(size);
  set->limits.reserve(static_cast<std::size_t>(limits.size()));
  for (const auto& limit : limits) {
    const std::size_t at = set->text.size();
    set->text.append(limit.name());
    set->limits.push_back(shared_part(limit));
    set->limits.back().name = std::string_view(set->text).substr(at);
  }
  return set;
}

}  // namespace

LimitSets::LimitSets(Reclaimer& reclaimer) : sets_(reclaimer) { sets_.add(std::make_unique<const LimitSet>()); }

std::uint32_t LimitSets::hold(const StoredRatelimits& limits) {
  if (limits.empty()) return 0;
  name_.clear();
  for (const auto& limit : limits) append_limit(name_, shared_part(limit));
  if (const auto found = by_name_.find(name_); found != by_name_.end()) {
    sets_.hold(found->second);
    return found->second;
  }
  const std::uint32_t id = sets_.add(make_set(limits));
  by_name_.emplace(name_, id);
  name_bytes_ += kNodeBytes + name_.size();
  return id;
}

void LimitSets::release(std::uint32_t id) {
  if (id == 0) return;
  if (sets_.holders(id) == 1) {
    name_.clear();
    for (const SharedRatelimit& limit : sets_[id].limits) append_limit(name_, limit);
    by_name_.erase(name_);
    name_bytes_ -= kNodeBytes + name_.size();
  }
  sets_.release(id);
}

void append_packed_ids(std::string& out, const StoredRatelimits& limits) {
  for (const auto& limit : limits) append_text(out, limit.ratelimit_id());
}

}  // namespace keyfold::projections
