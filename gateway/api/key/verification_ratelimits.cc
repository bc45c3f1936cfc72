#include "gateway/api/key/verification_ratelimits.h"

#include <algorithm>

#include "gateway/api/json_text.h"

namespace keyfold::api {
namespace {

using projections::KeyView;
using projections::RatelimitsView;
using projections::RatelimitView;

/// The last entry of that name; null when there is none.
const AskedRatelimit* find_asked(std::span<const AskedRatelimit> asked, std::string_view name) {
  const auto found = std::find_if(asked.rbegin(), asked.rend(), [&](const auto& entry) { return entry.name == name; });
  return found == asked.rend() ? nullptr : &*found;
}

bool has_name(const RatelimitsView& limits, std::string_view name) {
  return std::any_of(limits.begin(), limits.end(), [&](const RatelimitView& limit) { return limit.name == name; });
}

std::string counter_of(std::string_view kind, std::string_view owner_id, std::string_view name) {
  std::string counter;
  counter.reserve(kind.size() + owner_id.size() + 1 + name.size());
  return counter.append(kind).append(owner_id).append("/").append(name);
}

ApiError missing_ratelimit(const KeyView& key, std::string_view name) {
  std::string detail = "The rate limit '";
  detail.append(name).append("' is not stored with the key '").append(key.key_id).append("'");
  if (!key.identity_id.empty()) detail.append(" nor with its identity '").append(key.identity_id).append("'");
  detail += ". Store it there, or give `limit` and `duration` with its name.";
  return precondition_failed(std::move(detail));
}

class Selection {
 public:
  Selection(const KeyView& key, std::span<const AskedRatelimit> asked) : key_(key), asked_(asked) {}

  void add_stored() {
    for (const RatelimitView& limit : key_.ratelimits) add(limit, "k/", key_.key_id);
    for (const RatelimitView& limit : key_.identity_ratelimits) {
      if (!has_name(key_.ratelimits, limit.name)) add(limit, "i/", key_.identity_id);
    }
  }

  void add_inline() {
    for (const AskedRatelimit& entry : asked_) {
      if (!entry.is_inline() || find_asked(asked_, entry.name) != &entry) continue;
      applied_.push_back({.name = std::string(entry.name),
                          .counter = counter_of("k/", key_.key_id, entry.name),
                          .limit = *entry.limit,
                          .duration_ms = *entry.duration_ms,
                          .cost = entry.cost});
    }
  }

  [[nodiscard]] const AskedRatelimit* find_missing() const {
    const auto found = std::find_if(asked_.begin(), asked_.end(), [&](const AskedRatelimit& entry) {
      const bool is_known = has_name(key_.ratelimits, entry.name) || has_name(key_.identity_ratelimits, entry.name);
      return !is_known && !find_asked(asked_, entry.name)->is_inline();
    });
    return found == asked_.end() ? nullptr : &*found;
  }

  [[nodiscard]] std::vector<AppliedRatelimit> take() {
    std::sort(applied_.begin(), applied_.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return std::move(applied_);
  }

 private:
  void add(const RatelimitView& limit, std::string_view kind, std::string_view owner_id) {
    const AskedRatelimit* const entry = find_asked(asked_, limit.name);
    if (entry == nullptr ? !limit.auto_apply : entry->is_inline()) return;
    applied_.push_back({std::string(limit.id), std::string(limit.name), counter_of(kind, owner_id, limit.name),
                        limit.limit, limit.duration_ms, entry == nullptr ? 1 : entry->cost, limit.auto_apply});
  }

  const KeyView& key_;
  std::span<const AskedRatelimit> asked_;
  std::vector<AppliedRatelimit> applied_;
};

void append_number(std::string& out, std::string_view lead, std::int64_t number) {
  out.append(lead).append(std::to_string(number));
}

void append_flag(std::string& out, std::string_view lead, bool flag) {
  out.append(lead).append(flag ? "true" : "false");
}

/// The members that stored and applied rate limits have in common, with the brace before them.
template <class Limit>
void append_members(std::string& out, const Limit& limit) {
  append_json_string(out += R"({"id":)", limit.id);
  append_json_string(out += R"(,"name":)", limit.name);
  append_number(out, R"(,"limit":)", limit.limit);
  append_number(out, R"(,"duration":)", limit.duration_ms);
  append_flag(out, R"(,"autoApply":)", limit.auto_apply);
}

}  // namespace

Answered<std::vector<AppliedRatelimit>> ratelimits_of(const KeyView& key, std::span<const AskedRatelimit> asked) {
  Selection selection(key, asked);
  if (const AskedRatelimit* missing = selection.find_missing()) return refuse(missing_ratelimit(key, missing->name));
  selection.add_stored();
  selection.add_inline();
  return selection.take();
}

void append_ratelimits(std::string& out, std::span<const AppliedRatelimit> applied,
                       std::span<const projections::WindowVerdict> verdicts) {
  out += '[';
  for (std::size_t i = 0; i < applied.size(); ++i) {
    if (i != 0) out += ',';
    append_members(out, applied[i]);
    append_flag(out, R"(,"exceeded":)", !verdicts[i].passed);
    append_number(out, R"(,"remaining":)", verdicts[i].remaining);
    append_number(out, R"(,"reset":)", verdicts[i].reset_ms);
    out += '}';
  }
  out += ']';
}

void append_identity_ratelimits(std::string& out, const KeyView& key) {
  std::string_view lead = R"(,"ratelimits":[)";
  for (const RatelimitView& limit : key.identity_ratelimits) {
    if (has_name(key.ratelimits, limit.name)) continue;
    append_members(out += lead, limit);
    out += '}';
    lead = ",";
  }
  if (lead == ",") out += ']';
}

}  // namespace keyfold::api
