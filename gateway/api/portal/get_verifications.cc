#include <algorithm>
#include <map>

#include "gateway/api/portal/endpoints.h"
#include "projections/usage_store.h"

namespace keyfold::api {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kHourMs = 60 * kMinuteMs;
constexpr std::int64_t kDayMs = 24 * kHourMs;

struct Resolution {
  projections::UsageBucket bucket;
  std::int64_t bucket_ms;
};

// Fine for a short time, coarse for a long one, so that a chart has a few hundred points at most.
Resolution resolution_for(std::int64_t span_ms) {
  if (span_ms <= 3 * kHourMs) return {projections::UsageBucket::kMinute, kMinuteMs};
  if (span_ms <= 4 * kDayMs) return {projections::UsageBucket::kHour, kHourMs};
  return {projections::UsageBucket::kDay, kDayMs};
}

// The member that an outcome is counted in, beside `total`.
constexpr std::pair<std::string_view, const char*> kMembers[] = {
    {"VALID", "valid"},
    {"RATE_LIMITED", "rateLimited"},
    {"INSUFFICIENT_PERMISSIONS", "insufficientPermissions"},
    {"FORBIDDEN", "forbidden"},
    {"DISABLED", "disabled"},
    {"EXPIRED", "expired"},
    {"USAGE_EXCEEDED", "usageExceeded"},
};

Json empty_point(std::int64_t time_ms) {
  Json point{{"time", time_ms}, {"total", 0}};
  for (const auto& [outcome, member] : kMembers) point[member] = 0;
  return point;
}

void add(Json& point, std::string_view outcome, std::uint64_t count) {
  point["total"] = point["total"].get<std::uint64_t>() + count;
  for (const auto& [known, member] : kMembers) {
    if (known == outcome) point[member] = point[member].get<std::uint64_t>() + count;
  }
}

}  // namespace

Answered<Step> get_portal_verifications(const Call& call, const Services& services) {
  if (!call.has_scope("analytics:read")) return refuse(missing_scope("analytics:read"));
  const auto start_ms = call.body.at("startTime").get<std::int64_t>();
  const auto end_ms = call.body.at("endTime").get<std::int64_t>();
  if (end_ms <= start_ms) return refuse(invalid_input("`endTime` must be later than `startTime`."));
  const std::int64_t kept_ms = services.usage_retention_days * kDayMs;
  if (end_ms - start_ms > kept_ms) {
    return refuse(invalid_input("Verifications are kept for " + std::to_string(services.usage_retention_days) +
                                " days: ask for a shorter time."));
  }
  const rows::PortalSessionRow& session = *call.portal_session;
  const Resolution resolution = resolution_for(end_ms - start_ms);
  projections::VerificationQuery query{.workspace_id = session.workspace_id(),
                                       .external_id = session.external_id(),
                                       .bucket = resolution.bucket,
                                       .from_ms = start_ms / resolution.bucket_ms * resolution.bucket_ms,
                                       .to_ms = end_ms};
  if (const auto* key_id = call.find("keyId")) query.key_id = key_id->get_ref<const std::string&>();

  std::map<std::int64_t, Json> points;
  for (std::int64_t time_ms = query.from_ms; time_ms < end_ms; time_ms += resolution.bucket_ms) {
    points.emplace(time_ms, empty_point(time_ms));
  }
  const auto& keyspaces = session.keyspace_ids();
  const Status visited =
      services.usage_store.visit_verifications(query, [&](const projections::VerificationCount& counted) {
        if (std::ranges::find(keyspaces, counted.keyspace_id) == keyspaces.end()) return;
        const auto point = points.find(counted.bucket_ms);
        if (point != points.end()) add(point->second, counted.outcome, counted.count);
      });
  if (!visited) return refuse(unexpected_error());
  Json data = Json::array();
  for (auto& [time_ms, point] : points) data.push_back(std::move(point));
  return Data{data.dump(), {}};
}

}  // namespace keyfold::api
