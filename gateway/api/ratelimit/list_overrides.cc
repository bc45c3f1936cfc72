#include "gateway/api/page.h"
#include "gateway/api/ratelimit/endpoints.h"
#include "gateway/api/ratelimit/override_json.h"
#include "projections/rows.pb.h"

namespace keyfold::api {
namespace {

constexpr std::size_t kPageDefault = 50;

}  // namespace

Answered<Step> list_overrides(const Call& call, const Services& services) {
  const auto found = find_live_namespace(call, services);
  if (!found) return refuse(found.error());
  if (!may_on_namespace(call, found->namespace_id, "read_override")) {
    return refuse(missing_permission("ratelimit.*.read_override"));
  }
  const PageRequest request = page_request(call, kPageDefault);
  const std::string prefix = "o/" + found->namespace_id + "/";
  Page page(request);
  services.projections.scan(
      call.principal->partition, projections::Table::kRatelimits, prefix,
      request.cursor.empty() ? std::string() : prefix + request.cursor, [&](std::string_view, std::string_view value) {
        rows::RatelimitOverrideRow row;
        if (!row.ParseFromArray(value.data(), static_cast<int>(value.size()))) return true;
        return page.add(row.override_id(),
                        override_json({row.override_id(), row.identifier(), row.limit(), row.duration_ms()}));
      });
  return std::move(page).finish();
}

}  // namespace keyfold::api
