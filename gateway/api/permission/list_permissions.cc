#include "actors/aggregates/answer_json.h"
#include "gateway/api/api/endpoints.h"
#include "gateway/api/page.h"
#include "gateway/api/permission/endpoints.h"
#include "gateway/api/search.h"
#include "projections/permission.h"

namespace keyfold::api {

Answered<Step> list_permissions(const Call& call, const Services& services) {
  if (!call.may({{"rbac.*.read_permission", {}}})) return refuse(missing_permission("rbac.*.read_permission"));
  const auto& reader = rows_of(call, services);
  const PageRequest request = page_request(call);
  const Search search(call);
  const std::string prefix = projections::permission_list_prefix(call.workspace_id());
  Page page(request);
  services.projections.scan(call.principal->partition, projections::Table::kPermissions, prefix,
                            prefix + request.cursor, [&](std::string_view row_key, std::string_view) {
                              const auto row = projections::find_permission(reader, row_key.substr(prefix.size()));
                              if (!row) return true;
                              if (!search.matches({row->permission_id(), row->name(), row->slug(), row->description()}))
                                return true;
                              return page.add(row->permission_id(), actors::permission_json(*row));
                            });
  return std::move(page).finish();
}

}  // namespace keyfold::api
