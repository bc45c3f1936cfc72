#include "gateway/api/page.h"
#include "gateway/api/root_key/endpoints.h"
#include "projections/root_key.h"

namespace keyfold::api {
namespace {

Json root_key_json(const rows::RootKeyRow& row) {
  Json out{{"rootKeyId", row.root_key_id()},
           {"name", row.name()},
           {"start", row.start()},
           {"permissions", Json::array()},
           {"createdAt", row.created_at_ms()},
           {"enabled", !row.disabled()}};
  for (const std::string& permission : row.permissions()) out["permissions"].push_back(permission);
  if (row.has_expires_at_ms()) out["expires"] = row.expires_at_ms();
  return out;
}

}  // namespace

Answered<Step> list_root_keys(const Call& call, const Services& services) {
  const auto workspace_id = root_key_workspace(call, "read_root_key");
  if (!workspace_id) return refuse(workspace_id.error());
  const auto partition = events::partition_of(*workspace_id, services.projections.partitions());
  const auto& reader = services.projections.reader(partition);
  const PageRequest request = page_request(call);
  const std::string prefix = "n/" + *workspace_id + "/";
  Page page(request);
  services.projections.scan(partition, projections::Table::kRootKeys, prefix,
                            request.cursor.empty() ? std::string() : prefix + request.cursor,
                            [&](std::string_view row_key, std::string_view) {
                              const auto row = projections::find_root_key(reader, row_key.substr(prefix.size()));
                              if (!row || row->revoked_at_ms() != 0) return true;
                              return page.add(row->root_key_id(), root_key_json(*row));
                            });
  return std::move(page).finish();
}

}  // namespace keyfold::api
