#include <map>

#include "gateway/api/page.h"
#include "gateway/api/workspace/endpoints.h"
#include "projections/rows.pb.h"

namespace keyfold::api {
namespace {

constexpr std::string_view kPermission = "workspace.*.read_workspace";
constexpr std::string_view kPrefix = "w/";

Json workspace_json(const rows::WorkspaceRow& row) {
  Json json{{"workspaceId", row.workspace_id()},
            {"name", row.name()},
            {"createdAt", row.created_at_ms()},
            {"enabled", !row.disabled()}};
  if (row.has_requests_per_minute_max()) json["requestsPerMinute"] = row.requests_per_minute_max();
  return json;
}

}  // namespace

Answered<Step> list_workspaces(const Call& call, const Services& services) {
  if (!call.holds(kPermission)) return refuse(missing_permission(kPermission));
  const PageRequest request = page_request(call);
  const std::string from = request.cursor.empty() ? std::string() : std::string(kPrefix) + request.cursor;
  std::map<std::string, rows::WorkspaceRow> found;  // of each partition as many as the page could need
  for (events::PartitionId partition = 0; partition < services.projections.partitions(); ++partition) {
    std::size_t taken = 0;
    services.projections.scan(partition, projections::Table::kWorkspaces, kPrefix, from,
                              [&](std::string_view, std::string_view value) {
                                rows::WorkspaceRow row;
                                if (row.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
                                  found.emplace(row.workspace_id(), row);
                                }
                                return ++taken <= request.limit;
                              });
  }
  Page page(request);
  for (const auto& [id, row] : found) {
    if (!page.add(id, workspace_json(row))) break;
  }
  return std::move(page).finish();
}

}  // namespace keyfold::api
