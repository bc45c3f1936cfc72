#include "gateway/api/api/endpoints.h"
#include "gateway/api/page.h"
#include "gateway/api/ratelimit/endpoints.h"
#include "projections/ratelimit.h"

namespace keyfold::api {
namespace {

constexpr std::string_view kPermission = "ratelimit.*.read_namespace";

}  // namespace

Answered<Step> list_namespaces(const Call& call, const Services& services) {
  if (!call.may({{std::string(kPermission), {}}})) return refuse(missing_permission(kPermission));
  const auto& reader = rows_of(call, services);
  const PageRequest request = page_request(call);
  const std::string prefix = "w/" + std::string(call.workspace_id()) + "/";
  Page page(request);
  services.projections.scan(call.principal->partition, projections::Table::kRatelimits, prefix,
                            request.cursor.empty() ? std::string() : prefix + request.cursor,
                            [&](std::string_view key, std::string_view) {
                              const auto row = projections::find_ratelimit_namespace(reader, key.substr(prefix.size()));
                              return !row || page.add(row->namespace_id(), {{"namespaceId", row->namespace_id()},
                                                                            {"name", row->name()},
                                                                            {"createdAt", row->created_at_ms()}});
                            });
  return std::move(page).finish();
}

}  // namespace keyfold::api
